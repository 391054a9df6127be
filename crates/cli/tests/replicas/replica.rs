//! A replica of `trimtab`: its folder, its lives, what its API says.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use trimtab_test_servers::Process;

use crate::api::Api;
use crate::checks::{Name, State};

/// The kinds, which are also the names of their controllers: one in the replica that leads, one in all of them.
pub(crate) const LED: &str = "led";
pub(crate) const SHARED: &str = "shared";

/// What all replicas have in common.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub(crate) folder: PathBuf,
    pub(crate) ttl: Duration,
}

#[derive(Debug)]
pub(crate) struct Replica {
    pub(crate) name: &'static str,
    pub(crate) api: Api,
    folder: PathBuf,
    toml: String,
    lives: u32,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    process: Process,
    /// Kills the process when the test is killed: then its standard input ends.
    _guard: Process,
}

impl Setting {
    pub(crate) fn journal(&self) -> PathBuf {
        self.folder.join("journal")
    }
}

impl Replica {
    pub(crate) fn new(setting: &Setting, name: &'static str, store: &str, port: u16) -> Self {
        let folder = setting.folder.join(name);
        fs::create_dir_all(&folder).expect("a folder");
        let script = folder.join("reconcile");
        fs::write(&script, include_str!("reconcile.sh")).expect("a script");
        fs::set_permissions(&script, Permissions::from_mode(0o755)).expect("a script that runs");
        let (ttl, journal) = (setting.ttl.as_millis(), setting.journal());
        let controller = |kind: &str, placement: &str, persistent: bool| {
            format!(
                "[[controller]]\nname = \"{kind}\"\nkind = \"{kind}\"\nplacement = \"{placement}\"\nexec = [\"./reconcile\"]\npersistent = {persistent}\n\
                workers = 8\nbackoff = {{ base = \"100ms\", max = \"1s\" }}\nenv = {{ JOURNAL = \"{}\", REPLICA = \"LIFE\" }}\n",
                journal.display()
            )
        };
        let toml = format!(
            "[store]\nurl = \"{store}\"\n[cluster]\nname = \"{name}\"\nlease = \"{ttl}ms\"\n[http]\nlisten = \"127.0.0.1:{port}\"\n\
            [entries]\nwatch = false\n{}{}",
            controller(LED, "leader", false),
            controller(SHARED, "sharded", true),
        );
        Self { name, api: Api::at(port), folder, toml, lives: 0, running: None }
    }

    /// This life, as its scripts sign: `a.2`.
    pub(crate) fn life(&self) -> String {
        format!("{}.{}", self.name, self.lives)
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// Starts it, under the name that it always has.
    pub(crate) fn start(&mut self) {
        self.lives += 1;
        fs::write(self.folder.join("trimtab.toml"), self.toml.replace("LIFE", &self.life())).expect("a file");
        let arguments = ["run".to_owned(), "-q".into(), self.folder.display().to_string()];
        let process = Process::start(Path::new(env!("CARGO_BIN_EXE_trimtab")), &arguments, &self.log());
        let process = process.expect("the binary of this crate");
        let guard = format!("read -r _; kill -9 {}", process.id());
        let guard = Process::start(Path::new("/bin/sh"), &["-c".into(), guard], &self.folder.join("guard"));
        self.running = Some(Running { process, _guard: guard.expect("a shell") });
    }

    pub(crate) fn kill(&mut self) {
        self.running = None;
    }

    pub(crate) fn freeze(&self) {
        self.process().freeze();
    }

    pub(crate) fn thaw(&self) {
        self.process().thaw();
    }

    /// Whether it has not ended by itself.
    pub(crate) fn is_running(&mut self) -> bool {
        self.running.as_mut().is_some_and(|running| running.process.is_running())
    }

    fn process(&self) -> &Process {
        &self.running.as_ref().expect("a replica that runs").process
    }

    /// All entries as its view has them. None: it did not answer.
    pub(crate) fn view(&self) -> Option<BTreeMap<Name, State>> {
        let mut view = BTreeMap::new();
        for kind in [LED, SHARED] {
            let list = self.api.get(&format!("/v1/entries/{kind}?limit=5000")).ok()?;
            for item in list["items"].as_array()? {
                let name = (kind.to_owned(), item["name"].as_str()?.to_owned());
                let number = |pointer: &str| item.pointer(pointer).and_then(Value::as_u64);
                let state = State {
                    declared: number("/spec/value"),
                    generation: number("/meta/generation"),
                    applied: number("/status/value"),
                    observed: None,
                };
                view.insert(name, state);
            }
        }
        Some(view)
    }

    /// Declares many entries at once, at their first value.
    pub(crate) fn declare_all(&self, names: &[Name]) -> Result<(), String> {
        let put = |(kind, name): &Name| json!({ "put": { "entry": { "kind": kind, "name": name, "spec": { "value": 0 } } } });
        // As many as a transaction may have.
        for names in names.chunks(60) {
            let operations: Vec<_> = names.iter().map(put).collect();
            self.api.ask("POST", "/v1/transactions", &json!({ "operations": operations }))?;
        }
        Ok(())
    }
}
