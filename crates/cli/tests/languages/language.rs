//! How each language is made ready: what must be on the machine, what is built, what must run beside the daemon.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use trimtab::backend::Key;

use crate::stage::{Daemon, Folder};

/// An example, and what it needs.
pub(crate) struct Language {
    /// Its folder below `examples/`.
    example: &'static str,
    /// A command that succeeds where it can be run.
    needs: &'static [&'static str],
    /// Makes a copy ready; what it starts runs as long as the scene.
    prepare: Prepare,
}

enum Prepare {
    Nothing,
    /// Built once, copied into each scene.
    GoProgram,
    /// Started beside the daemon, on a port of its own.
    NodeServer,
}

pub(crate) fn sh() -> Language {
    Language { example: "sites", needs: &["awk", "BEGIN { exit 0 }"], prepare: Prepare::Nothing }
}

pub(crate) fn python() -> Language {
    Language { example: "python", needs: &["python3", "--version"], prepare: Prepare::Nothing }
}

pub(crate) fn node() -> Language {
    Language { example: "node", needs: &["node", "--version"], prepare: Prepare::NodeServer }
}

pub(crate) fn go() -> Language {
    Language { example: "go", needs: &["go", "version"], prepare: Prepare::GoProgram }
}

/// A copy of an example that can be run.
pub(crate) struct Scene {
    pub(crate) folder: Folder,
    /// Ends with the scene.
    _server: Option<Daemon>,
}

impl Scene {
    /// None when the language is not on this machine.
    pub(crate) async fn of(language: &Language) -> Option<Self> {
        if !is_here(language.needs) {
            let name = language.needs[0];
            assert!(std::env::var_os("CI").is_none(), "{name} is not here, and CI must have it");
            // Written past the test harness, which would keep it to itself.
            let skipped = format!(
                "SKIPPED: {name} is not on this machine, so examples/{} is not tested
",
                language.example
            );
            std::io::stderr().write_all(skipped.as_bytes()).unwrap();
            return None;
        }
        let folder = Folder::of_example(language.example);
        let server = match language.prepare {
            Prepare::Nothing => None,
            Prepare::GoProgram => {
                std::fs::copy(go_program(), folder.at("write-site")).unwrap();
                None
            }
            Prepare::NodeServer => Some(node_server(&folder).await),
        };
        Some(Self { folder, _server: server })
    }

    /// The status of a site, as it is in the store. Nobody else may have it open.
    pub(crate) async fn status(&self, site: &str) -> Value {
        let store = trimtab::open(self.folder.at("data")).await.unwrap();
        let entry = store.entry(&Key::new("site", site)).unwrap();
        let status = entry.expect("the site is there").status_value().unwrap();
        store.close().await;
        status
    }
}

fn is_here(words: &[&str]) -> bool {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// The program of the example in Go, as its README says to build it.
fn go_program() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/go");
        let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("write-site");
        let mut go = Command::new("go");
        // The language's version in go.mod is the oldest that will do; nothing is to be fetched.
        go.current_dir(source).env("GOTOOLCHAIN", "local").args(["build", "-o"]).arg(&program).arg(".");
        let built = go.output().unwrap();
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        program
    })
}

/// The server of the example in Node. It says where it listens, and the copy's settings are made to say the same.
async fn node_server(folder: &Folder) -> Daemon {
    let mut command = tokio::process::Command::new("node");
    command.arg(folder.at("server.js")).env("PORT", "0");
    let server = Daemon::start(command);
    server.says("/reconcile\n").await;
    let printed = server.printed();
    let url = printed.trim().strip_prefix("listening on ").expect("it says where it listens");
    let written = "http://127.0.0.1:9000/reconcile";
    let settings = folder.read("trimtab.toml");
    assert!(settings.contains(written), "the example says where the server listens when it is not told");
    folder.write("trimtab.toml", &settings.replace(written, url));
    server
}
