//! One worker: a process that is asked one question at a time.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rustix::process::Signal;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{ChildStderr, ChildStdin, ChildStdout};
use trimtab_seams::Seams;

use crate::Program;
use crate::process::{Group, Groups, RunFailed, Started, Stay, start};
use crate::protocol::MOST_OUTPUT;

/// Lines of standard error that are kept for a message, each cut at so many bytes.
const TAIL: usize = 10;
const MOST_LINE: u64 = 4 << 10;
/// Lines of standard error that are handed to the log for one question.
const MOST_LINES: usize = 1000;
/// From the end of a process to that of its standard output, or the other way round: what belongs together comes together.
const LINGER: Duration = Duration::from_secs(1);

/// A process that waits for a question. Dropped, its group is ended: asked, and two seconds later killed.
pub(super) struct Worker {
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    tail: Tail,
    group: Group,
}

/// What a worker did instead of answering.
pub(super) enum Broke {
    /// It ended without a byte of an answer.
    Gone(String),
    /// Anything else.
    Wrong(String),
}

/// What it said last on standard error, and whom it is about now.
#[derive(Clone, Default)]
struct Tail(Arc<Mutex<Said>>);

#[derive(Default)]
struct Said {
    lines: VecDeque<String>,
    key: String,
    /// How many lines since the question.
    count: usize,
}

impl Worker {
    pub(super) fn start(
        program: &Program,
        variables: [(&'static str, &str); 2],
        seams: &Seams,
        groups: &Groups,
    ) -> Result<Self, RunFailed> {
        let Started { group, stdin, stdout, stderr } = start(program, variables, seams, groups)?;
        let lost = || RunFailed::Start {
            path: program.path.display().to_string(),
            source: std::io::ErrorKind::BrokenPipe.into(),
        };
        let (stdin, stdout) = (stdin.ok_or_else(lost)?, stdout.ok_or_else(lost)?);
        let (tail, [(_, controller), _]) = (Tail::default(), variables);
        if let Some(stderr) = stderr {
            seams.spawn("standard error of a worker", tail.clone().follow(controller.to_owned(), stderr));
        }
        Ok(Self { stdin, stdout: BufReader::new(stdout), tail, group })
    }

    /// Whose questions it is asked from now on; nobody's while it waits.
    pub(super) fn work_for(&mut self, stay: Option<&Stay>) {
        self.group.work_for(stay);
    }

    /// Asks; the line that it answers. The error says what it did instead.
    pub(super) async fn ask(&mut self, seams: &Seams, key: &str, input: &[u8]) -> Result<Vec<u8>, Broke> {
        self.tail.begin(key);
        let mut line = Vec::new();
        let (sent, read) = {
            let talk =
                async { tokio::join!(self.stdin.write_all(input), read_line(&mut self.stdout, &mut line)) };
            // Whom it forked may hold its standard output open when it is gone.
            let gone = async {
                drop(self.group.wait().await);
                seams.sleep(LINGER).await;
            };
            tokio::select! {
                biased;
                done = talk => done,
                () = gone => (Ok(()), Ok(())),
            }
        };
        match read {
            Ok(()) if !line.ends_with(b"\n") => return Err(self.broke_off(seams, line.is_empty()).await),
            Ok(()) => {}
            Err(what) => return Err(Broke::Wrong(format!("{what}{}", self.words()))),
        }
        if sent.is_err() {
            let words = format!("answered without reading the whole question{}", self.words());
            return Err(Broke::Wrong(words));
        }
        if !self.stdout.buffer().is_empty() {
            return Err(Broke::Wrong(format!("printed more than one line for one question{}", self.words())));
        }
        Ok(line)
    }

    /// There will be no line from it: what it did.
    async fn broke_off(&mut self, seams: &Seams, silent: bool) -> Broke {
        let said = if silent { "without an answer" } else { "in the middle of its line" };
        let status = tokio::select! {
            biased;
            status = self.group.wait() => status,
            () = seams.sleep(LINGER) => {
                let words = self.words();
                return Broke::Wrong(format!("closed its standard output {said}, and lives on{words}"));
            }
        };
        let code = status.ok().map(|status| format!(" ({status})")).unwrap_or_default();
        let words = format!("ended {said}{code}{}", self.words());
        if silent { Broke::Gone(words) } else { Broke::Wrong(words) }
    }

    /// What it has said or done although nobody asked; none: it waits.
    pub(super) async fn unasked(&mut self) -> Option<&'static str> {
        let filled = std::pin::pin!(self.stdout.fill_buf());
        // A look, no wait.
        let mut looked = std::pin::pin!(filled);
        let found = std::future::poll_fn(|cx| {
            std::task::Poll::Ready(match looked.as_mut().poll(cx) {
                std::task::Poll::Ready(read) => Some(read.map_or(0, <[u8]>::len)),
                std::task::Poll::Pending => None,
            })
        })
        .await;
        match found {
            None => None,
            Some(0) => Some("has ended"),
            Some(_) => Some("printed without being asked"),
        }
    }

    /// Ends it now rather than when it is dropped.
    pub(super) fn end(&self) {
        self.group.signal(Signal::TERM);
    }

    fn words(&self) -> String {
        let tail = self.tail.0.lock();
        let lines: Vec<&str> = tail.lines.iter().map(String::as_str).collect();
        if lines.is_empty() { String::new() } else { format!("; it said: {}", lines.join("\n")) }
    }
}

/// Reads to the end of a line, or of the stream; an error when it is longer than it may be.
async fn read_line(stdout: &mut BufReader<ChildStdout>, line: &mut Vec<u8>) -> Result<(), String> {
    let mut bounded = stdout.take(MOST_OUTPUT as u64 + 1);
    bounded.read_until(b'\n', line).await.map_err(|error| format!("could not be read: {error}"))?;
    if line.len() > MOST_OUTPUT {
        return Err(format!("printed a line longer than {} MiB", MOST_OUTPUT >> 20));
    }
    Ok(())
}

impl Tail {
    fn begin(&self, key: &str) {
        *self.0.lock() = Said { key: key.to_owned(), ..Said::default() };
    }

    async fn follow(self, controller: String, stderr: ChildStderr) {
        let mut stderr = BufReader::new(stderr);
        loop {
            let mut line = Vec::new();
            match (&mut stderr).take(MOST_LINE).read_until(b'\n', &mut line).await {
                Ok(1..) => {}
                _ => return,
            }
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            let (key, count) = {
                let mut said = self.0.lock();
                said.lines.push_back(text.clone());
                while said.lines.len() > TAIL {
                    said.lines.pop_front();
                }
                said.count += 1;
                (said.key.clone(), said.count)
            };
            match count {
                ..=MOST_LINES => tracing::info!(target: "script", controller, key, "{text}"),
                _ if count == MOST_LINES + 1 => {
                    tracing::info!(target: "script", controller, key, "further lines are left out of the log");
                }
                _ => {}
            }
        }
    }
}

impl std::fmt::Debug for Worker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Worker")
    }
}
