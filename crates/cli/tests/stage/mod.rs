//! A folder with a `trimtab.toml`, and the binary on it.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use trimtab::seams::Seams;

/// Nothing here takes longer, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(60);
const ASK_AGAIN: Duration = Duration::from_millis(10);

/// A folder to run in.
pub(crate) struct Folder(TempDir);

/// The table of a controller of sites that runs `./script`, quick to try again.
pub(crate) const SITES: &str = "[[controller]]\nname = \"sites\"\nkind = \"site\"\nexec = [\"./script\"]\nbackoff = { base = \"1ms\", max = \"5ms\" }\n";

impl Folder {
    /// A folder whose `trimtab.toml` says this.
    pub(crate) fn new(toml: &str) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("trimtab.toml", toml);
        folder
    }

    /// A folder with nothing in it.
    pub(crate) fn empty() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Sites in memory, reconciled by this shell script; `more` is added to the controller's table.
    pub(crate) fn of_sites(script: &str, more: &str) -> Self {
        let folder = Self::new(&format!("[store]\nurl = \"memory:\"\n{SITES}{more}"));
        folder.script("script", script);
        folder
    }

    /// A copy of an example of the repository.
    pub(crate) fn of_example(name: &str) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name);
        copy(&example, folder.path());
        folder
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn at(&self, file: &str) -> PathBuf {
        self.path().join(file)
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        let path = self.at(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        // In one step, as editors do it.
        let new = path.with_extension("being-written");
        fs::write(&new, text).unwrap();
        fs::rename(&new, &path).unwrap();
    }

    pub(crate) fn script(&self, file: &str, text: &str) {
        self.write(file, &format!("#!/bin/sh\n{text}\n"));
        fs::set_permissions(self.at(file), Permissions::from_mode(0o755)).unwrap();
    }

    /// Declares a site with an empty spec.
    pub(crate) fn site(&self, name: &str) {
        self.write(&format!("entries/{name}.yaml"), &format!("kind: site\nname: {name}\nspec: {{}}\n"));
    }

    pub(crate) fn read(&self, file: &str) -> String {
        fs::read_to_string(self.at(file)).unwrap_or_default()
    }

    pub(crate) fn remove(&self, file: &str) {
        fs::remove_file(self.at(file)).unwrap();
    }

    pub(crate) fn has(&self, file: &str) -> bool {
        self.at(file).exists()
    }

    /// `trimtab run` on the folder.
    pub(crate) fn start(&self, arguments: &[&str]) -> Daemon {
        self.start_by(Command::new(env!("CARGO_BIN_EXE_trimtab")), arguments)
    }

    /// The same where no more than so many files may be open.
    pub(crate) fn start_with_files(&self, most: usize) -> Daemon {
        let mut command = Command::new("sh");
        let limited = format!("ulimit -n {most}; exec \"$0\" \"$@\"");
        command.args(["-c", &limited, env!("CARGO_BIN_EXE_trimtab")]);
        self.start_by(command, &[])
    }

    fn start_by(&self, mut command: Command, arguments: &[&str]) -> Daemon {
        // Many of them run side by side.
        command.env("TRIMTAB_HTTP_LISTEN", "127.0.0.1:0");
        command.arg("run").arg(self.path()).args(arguments);
        Daemon::start(command)
    }

    /// Another command, in the folder, to its end.
    pub(crate) async fn trimtab(&self, arguments: &[&str]) -> Ended {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trimtab"));
        command.current_dir(self.path()).args(arguments);
        Daemon::start(command).ended().await
    }

    /// `trimtab run --until-settled`, to its end.
    pub(crate) async fn settle(&self, arguments: &[&str]) -> Ended {
        self.start(&[&["--until-settled"], arguments].concat()).ended().await
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (name, target) = (entry.file_name(), to.join(entry.file_name()));
        if name == "data" || name == "out" {
            continue;
        }
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A running `trimtab`. Killed when it is dropped.
pub(crate) struct Daemon {
    child: Child,
    seams: Seams,
    out: Lines,
    err: Lines,
}

/// How it ended, and all that it printed.
#[derive(Debug)]
pub(crate) struct Ended {
    /// None: by a signal.
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// The lines of a stream so far, and whether it has ended.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<(String, bool)>>);

impl Daemon {
    pub(crate) fn start(command: Command) -> Self {
        Self::start_hearing(command, Stdio::null())
    }

    /// The same with something on its standard input.
    pub(crate) fn start_hearing(mut command: Command, input: Stdio) -> Self {
        let seams = Seams::tokio();
        command.stdin(input).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let out = Lines::of(child.stdout.take().unwrap(), &seams);
        let err = Lines::of(child.stderr.take().unwrap(), &seams);
        Self { child, seams, out, err }
    }

    /// Waits a little before asking again.
    pub(crate) async fn rest(&self) {
        self.seams.sleep(ASK_AGAIN).await;
    }

    /// Waits until it is so.
    pub(crate) async fn until(&self, what: &str, mut is_so: impl FnMut() -> bool) {
        let deadline = self.seams.now() + PATIENCE;
        while !is_so() {
            assert!(
                self.seams.now() < deadline,
                "never came: {what}\n{}\n{}",
                self.out.text(),
                self.err.text()
            );
            self.seams.sleep(ASK_AGAIN).await;
        }
    }

    /// Waits until it has printed this to standard output.
    pub(crate) async fn says(&self, text: &str) {
        self.until(text, || self.out.text().contains(text)).await;
    }

    /// Where it says that its API is.
    pub(crate) async fn url(&self) -> String {
        self.says("  api http").await;
        let printed = self.printed();
        let (_, url) = printed.lines().next().unwrap().split_once("  api ").unwrap();
        url.to_owned()
    }

    /// Waits until it has logged this.
    pub(crate) async fn logs(&self, text: &str) {
        self.until(text, || self.err.text().contains(text)).await;
    }

    /// What it has printed so far.
    pub(crate) fn printed(&self) -> String {
        self.out.text()
    }

    /// What it has logged so far.
    pub(crate) fn log(&self) -> String {
        self.err.text()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let id = self.child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)).unwrap();
        kill_process(id, signal).unwrap();
    }

    /// The memory that it has now, in KiB.
    pub(crate) fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id().unwrap())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// Waits for its end.
    pub(crate) async fn ended(mut self) -> Ended {
        let code = tokio::select! {
            status = self.child.wait() => status.unwrap().code(),
            () = self.seams.sleep(PATIENCE) => panic!("never ended\n{}\n{}", self.out.text(), self.err.text()),
        };
        let both = [self.out.clone(), self.err.clone()];
        self.until("the end of its output", || both.iter().all(Lines::has_ended)).await;
        Ended { code, out: self.out.text(), err: self.err.text() }
    }
}

impl Ended {
    /// Makes sure of the exit code, or tells what was printed.
    pub(crate) fn with_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}\n{}", self.out, self.err);
        self
    }

    /// Makes sure that it logged this.
    pub(crate) fn logged(self, text: &str) -> Self {
        assert!(self.err.contains(text), "{text:?} is not in:\n{}", self.err);
        self
    }
}

impl Lines {
    fn of(stream: impl AsyncRead + Unpin + Send + 'static, seams: &Seams) -> Self {
        let lines = Self::default();
        let told = lines.clone();
        seams.spawn("lines", async move {
            let mut stream = BufReader::new(stream).lines();
            while let Ok(Some(line)) = stream.next_line().await {
                let mut text = told.0.lock().unwrap();
                text.0 += &line;
                text.0 += "\n";
            }
            told.0.lock().unwrap().1 = true;
        });
        lines
    }

    fn text(&self) -> String {
        self.0.lock().unwrap().0.clone()
    }

    fn has_ended(&self) -> bool {
        self.0.lock().unwrap().1
    }
}

/// Whether a process runs. A zombie has ended, whoever may still have to collect it.
pub(crate) fn is_alive(pid: &str) -> bool {
    fs::read_to_string(format!("/proc/{}/stat", pid.trim())).is_ok_and(|stat| !stat.contains(") Z "))
}
