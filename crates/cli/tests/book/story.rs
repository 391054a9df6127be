//! A chapter, told from its first block to its last.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::ops::Range;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use trimtab::seams::Seams;

use crate::compare::{end_of, is_so};
use crate::page::{BOOK, Block, Page, root};
use crate::servers::Servers;
use crate::shell::{Printed, Shell};
use crate::stage::Daemon;
use crate::updating;

/// Whether a command changes nothing: it is asked again until it prints what it should, as a reader would.
fn looks(command: &str) -> bool {
    let mut words = command.split_whitespace();
    match (words.next(), words.next()) {
        (Some("cat" | "ls"), _) => true,
        (Some("curl"), _) => ![" -X ", " -d "].iter().any(|flag| command.contains(flag)),
        (Some("trimtab"), Some(verb)) => ["get", "describe", "queue", "status", "diff"].contains(&verb),
        _ => false,
    }
}

/// Tells a chapter of the book.
pub(crate) async fn tell(chapter: &str) {
    tell_page(&format!("{BOOK}/{chapter}")).await;
}

/// Tells a page, by its path from the root of the repository.
pub(crate) async fn tell_page(path: &str) {
    let page = Page::read(path);
    if let Some(needed) = page.needs()
        && !can(needed)
    {
        assert!(
            std::env::var_os("CI").is_none(),
            "{}: `{needed}` fails here, and CI must have it",
            page.path
        );
        let skipped = format!("SKIPPED: `{needed}` fails on this machine, so {} is not run\n", page.path);
        // Past the test harness, which would keep it to itself.
        std::io::stderr().write_all(skipped.as_bytes()).unwrap();
        return;
    }
    let Some(servers) = Servers::with(&page.servers()) else { return };
    let mut story = Story {
        page: &page,
        shell: Shell::new(servers),
        terminals: BTreeMap::new(),
        corrections: Vec::new(),
        seams: Seams::tokio(),
    };
    for block in page.blocks() {
        story.block(&block).await;
    }
    story.end().await;
}

fn can(command: &str) -> bool {
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    shell.status().is_ok_and(|status| status.success())
}

struct Story<'a> {
    page: &'a Page,
    shell: Shell,
    terminals: BTreeMap<String, Terminal>,
    /// Lines of the page, and what was printed instead.
    corrections: Vec<(Range<usize>, Vec<String>)>,
    seams: Seams,
}

/// Something that stays.
struct Terminal {
    daemon: Daemon,
    /// So many lines of what it printed have been told.
    told: usize,
}

impl Story<'_> {
    async fn block(&mut self, block: &Block) {
        if let Some(title) = block.attribute("title") {
            self.shell.write(title, &block.text());
        } else if block.language == "console" && block.attribute("not-run").is_none() {
            match block.attribute("terminal") {
                Some(name) => self.terminal(name, block).await,
                None => self.commands(block).await,
            }
        }
    }

    /// Runs the commands of a block.
    async fn commands(&mut self, block: &Block) {
        let starts: Vec<usize> =
            (0..block.lines.len()).filter(|at| block.lines[*at].starts_with("$ ")).collect();
        assert_eq!(starts.first(), Some(&0), "{}: must begin with `$ `", self.page.at(block.first));
        for (number, start) in starts.iter().enumerate() {
            let end = starts.get(number + 1).copied().unwrap_or(block.lines.len());
            let more = block.lines[start + 1..end].iter().take_while(|line| line.starts_with("> ")).count();
            let (command, expected) = block.lines[*start..end].split_at(1 + more);
            let command: Vec<&str> = command.iter().map(|line| &line[2..]).collect();
            let may_fail = block.lines.get(end).is_some_and(|next| next == "$ echo $?");
            let place = block.first + start;
            let lines = place + 1 + more..block.first + end;
            self.command(&command.join("\n"), expected, may_fail, lines).await;
        }
    }

    async fn command(&mut self, command: &str, expected: &[String], may_fail: bool, lines: Range<usize>) {
        let looks = looks(command);
        let deadline =
            self.seams.now() + if updating() { Duration::from_secs(10) } else { Duration::from_secs(60) };
        let printed = loop {
            let printed = self.shell.run(command).await;
            let right = is_so(expected, &printed.lines) && (may_fail || printed.code == 0);
            if right || !looks || self.seams.now() >= deadline {
                break printed;
            }
            self.seams.sleep(Duration::from_millis(20)).await;
        };
        let Printed { lines: printed, code } = printed;
        self.shell.ended_with(code);
        let place = self.page.at(lines.start);
        assert!(
            may_fail || code == 0 || updating(),
            "{place}: `{command}` ended with {code}:\n{}\n{}",
            printed.join("\n"),
            self.heard()
        );
        self.hold(&format!("`{command}`"), expected, &printed, is_so(expected, &printed), lines);
    }

    /// Starts, interrupts or listens to what stays.
    async fn terminal(&mut self, name: &str, block: &Block) {
        let (first, rest) =
            block.lines.split_first().map_or(("", &[][..]), |(first, rest)| (first.as_str(), rest));
        let lines = block.first..block.first + block.lines.len();
        if let Some(command) = first.strip_prefix("$ ") {
            let daemon = self.shell.start(command);
            self.terminals.insert(name.to_owned(), Terminal { daemon, told: 0 });
            self.hear(name, rest, lines.start + 1..lines.end).await;
        } else if first == "^C" {
            let Terminal { daemon, told } = self.terminals.remove(name).expect("something stays there");
            daemon.signal(Signal::INT);
            let ended = daemon.ended().await;
            let printed = self.shell.to_print(&ended.out).split_off(told);
            let right = end_of(rest, &printed).is_some();
            self.hold("^C", rest, &printed, right, lines.start + 1..lines.end);
            self.shell.ended_with(ended.code.unwrap_or(130));
        } else {
            self.hear(name, &block.lines, lines).await;
        }
    }

    /// Waits until a terminal has printed these lines.
    async fn hear(&mut self, name: &str, expected: &[String], lines: Range<usize>) {
        let deadline =
            self.seams.now() + if updating() { Duration::from_secs(10) } else { Duration::from_secs(60) };
        let terminal = self.terminals.get_mut(name).unwrap_or_else(|| panic!("nothing stays in {name}"));
        let (printed, end) = loop {
            let printed = self.shell.to_print(&terminal.daemon.printed()).split_off(terminal.told);
            let end = end_of(expected, &printed);
            if end.is_some() || self.seams.now() >= deadline {
                break (printed, end);
            }
            self.seams.sleep(Duration::from_millis(20)).await;
        };
        terminal.told += end.unwrap_or(printed.len());
        self.hold(name, expected, &printed, end.is_some(), lines);
    }

    /// Makes sure that it is right, or takes note of what would be.
    fn hold(
        &mut self,
        what: &str,
        expected: &[String],
        printed: &[String],
        right: bool,
        lines: Range<usize>,
    ) {
        if right {
            return;
        }
        let place = self.page.at(lines.start);
        if updating() {
            self.corrections.push((lines, printed.to_vec()));
            return;
        }
        let (expected, printed) = (expected.join("\n"), printed.join("\n"));
        panic!("{place}: {what} must print\n{expected}\n--- but prints\n{printed}\n---\n{}", self.heard());
    }

    /// What the terminals printed: it says why something else went wrong.
    fn heard(&self) -> String {
        let of = |(name, terminal): (&String, &Terminal)| format!("[{name}]\n{}", terminal.daemon.printed());
        self.terminals.iter().map(of).collect()
    }

    /// Whatever stays is interrupted; a daemon must end well.
    async fn end(self) {
        for (name, Terminal { daemon, .. }) in self.terminals {
            let printed = daemon.printed();
            daemon.signal(Signal::INT);
            let ended = daemon.ended().await;
            let is_ours = printed.starts_with("trimtab ");
            assert!(!is_ours || ended.code == Some(0), "{name} ended with {:?}:\n{}", ended.code, ended.out);
        }
        let mut lines = self.page.lines.clone();
        for (range, printed) in self.corrections.into_iter().rev() {
            drop(lines.splice(range, printed));
        }
        if lines != self.page.lines {
            std::fs::write(root().join(&self.page.path), lines.join("\n") + "\n").unwrap();
        }
    }
}
