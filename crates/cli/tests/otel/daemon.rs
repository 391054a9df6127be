//! A folder of sites, and the binary on it with variables for a collector.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

/// A controller of sites that runs this script, quick to try again.
const SITES: &str = "[store]\nurl = \"memory:\"\n[[controller]]\nname = \"sites\"\nkind = \"site\"\nexec = [\"./script\"]\nbackoff = { base = \"1ms\", max = \"5ms\" }\n";

pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    /// With a site of each name.
    pub(crate) fn new(script: &str, sites: &[&str]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("trimtab.toml", SITES);
        folder.write("script", &format!("#!/bin/sh\n{script}\n"));
        fs::set_permissions(folder.0.path().join("script"), Permissions::from_mode(0o755)).unwrap();
        fs::create_dir(folder.0.path().join("entries")).unwrap();
        for name in sites {
            folder.site(name, 1);
        }
        folder
    }

    /// A folder in which another controller, a webhook there, gets the sites.
    pub(crate) fn of_webhook(url: &str, sites: &[&str]) -> Self {
        let folder = Self::new("exit 0", sites);
        folder.write(
            "trimtab.toml",
            &SITES.replace("exec = [\"./script\"]", &format!("webhook = {{ url = \"{url}\" }}")),
        );
        folder
    }

    pub(crate) fn read(&self, file: &str) -> String {
        fs::read_to_string(self.0.path().join(file)).unwrap()
    }

    pub(crate) fn site(&self, name: &str, number: usize) {
        let text = format!("kind: site\nname: {name}\nspec: {{number: {number}}}\n");
        // In one step, as editors do it.
        self.write(".new", &text);
        fs::rename(self.0.path().join(".new"), self.0.path().join(format!("entries/{name}.yaml"))).unwrap();
    }

    fn write(&self, file: &str, text: &str) {
        fs::write(self.0.path().join(file), text).unwrap();
    }

    /// `trimtab run` with these variables; everything of OpenTelemetry that surrounds the test is left out.
    pub(crate) fn run(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Daemon {
        let log = self.0.path().join("log");
        let mut command = Command::new(env!("CARGO_BIN_EXE_trimtab"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("OTEL_")) {
            command.env_remove(name);
        }
        command.env("TRIMTAB_HTTP_LISTEN", "127.0.0.1:0").envs(variables.iter().copied());
        command.arg("run").arg(self.0.path()).args(arguments);
        let output = File::create(&log).unwrap();
        command.stdin(Stdio::null()).stdout(output.try_clone().unwrap()).stderr(output);
        Daemon { child: command.spawn().unwrap(), log }
    }
}

/// Killed when it is dropped.
pub(crate) struct Daemon {
    child: Child,
    log: std::path::PathBuf,
}

impl Daemon {
    /// All that it has printed.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Waits until it has printed this.
    pub(crate) fn says(&self, text: &str) -> String {
        until(text, || self.log().contains(text), || self.log());
        self.log()
    }

    pub(crate) fn stop(&self) {
        let id = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(id, Signal::TERM).unwrap();
    }

    /// Its exit code, and all that it has printed.
    pub(crate) fn ended(mut self) -> (Option<i32>, String) {
        let mut code = None;
        let log = self.log();
        until(
            "its end",
            || {
                code = self.child.try_wait().unwrap();
                code.is_some()
            },
            || log.clone(),
        );
        (code.unwrap().code(), self.log())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Waits until it is so, however busy the machine is.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool, told: impl Fn() -> String) {
    for _ in 0..3000 {
        if is_so() {
            return;
        }
        pause(Duration::from_millis(20));
    }
    panic!("never came: {what}\n{}", told());
}

#[expect(clippy::disallowed_methods, reason = "another process is waited for, in real time")]
pub(crate) fn pause(time: Duration) {
    std::thread::sleep(time);
}
