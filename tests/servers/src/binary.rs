//! Building a server once.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use sha2::{Digest, Sha256};

/// A server that is a Go module in a folder beside this crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    /// Consul. It takes some minutes to build.
    Consul,
    /// etcd.
    Etcd,
}

impl Server {
    const fn folder(self) -> &'static str {
        match self {
            Self::Consul => "consul",
            Self::Etcd => "etcd",
        }
    }

    /// Which version is built, such as `3.6.15`.
    ///
    /// # Panics
    /// When its module does not say.
    pub fn version(self) -> String {
        let module = match self {
            Self::Consul => "github.com/hashicorp/consul ",
            Self::Etcd => "go.etcd.io/etcd/server/v3 ",
        };
        let required = fs::read_to_string(sources(self.folder()).join("go.mod")).expect("a module");
        let version = required.lines().find_map(|line| line.split_once(module)?.1.strip_prefix('v'));
        version.expect("a module that requires its server").to_owned()
    }
}

/// The server's program. `None` where it cannot be built and this is not CI: then the test is to be skipped, which has been said.
///
/// # Panics
/// In CI, when it cannot be built.
pub fn binary(server: Server) -> Option<&'static Path> {
    static CONSUL: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    static ETCD: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let kept = match server {
        Server::Consul => &CONSUL,
        Server::Etcd => &ETCD,
    };
    match kept.get_or_init(|| build(server)) {
        Ok(path) => Some(path),
        Err(what) => {
            assert!(std::env::var_os("CI").is_none(), "{what}");
            eprintln!("SKIPPED, and that means NOT TESTED: {what}");
            None
        }
    }
}

/// Another test program may be building the same server: a lock on a file beside it lets one of them do it.
fn build(server: Server) -> Result<PathBuf, String> {
    let name = server.folder();
    let (module, kept) = (sources(name), kept_in());
    let said = |what: &str, error: io::Error| format!("the {name} server for tests: {what}: {error}");
    fs::create_dir_all(&kept).map_err(|error| said("no folder to keep it in", error))?;
    let hash = hash_of(&module).map_err(|error| said("its sources cannot be read", error))?;
    let program = kept.join(format!("{name}-{hash}"));
    let lock = File::create(kept.join(format!("{name}.lock"))).map_err(|error| said("no lock", error))?;
    lock.lock().map_err(|error| said("no lock", error))?;
    if program.exists() {
        return Ok(program);
    }
    let half = kept.join(format!("{name}-being-built"));
    let mut go = Command::new("go");
    go.args(["build", "-trimpath", "-o"]).arg(&half).arg(".").current_dir(&module);
    let built = go.output().map_err(|error| said("go cannot be started; install Go 1.26 or later", error))?;
    if !built.status.success() {
        let stderr = String::from_utf8_lossy(&built.stderr);
        return Err(format!("the {name} server for tests cannot be built: {stderr}"));
    }
    fs::rename(&half, &program).map_err(|error| said("the built program cannot be kept", error))?;
    Ok(program)
}

fn sources(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// `target/servers` of the workspace.
fn kept_in() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    target.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target")).join("servers")
}

fn hash_of(module: &Path) -> io::Result<String> {
    let mut hash = Sha256::new();
    for file in ["go.sum", "go.mod", "main.go"] {
        hash.update(fs::read(module.join(file))?);
    }
    let first = hash.finalize().iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    Ok(format!("{first:016x}"))
}
