//! etcd and Consul under the names by which a page calls them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::TempDir;
use trimtab_test_servers::{Server, binary};

/// A folder for the PATH.
pub(crate) struct Servers(TempDir);

impl Servers {
    /// With these; none where one of them cannot be built, which has been said.
    pub(crate) fn with(names: &[&str]) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            let script = match *name {
                "etcd" => format!("exec {} \"$@\"\n", binary(Server::Etcd)?.display()),
                // The one for tests is the agent alone.
                "consul" => {
                    let program = binary(Server::Consul)?.display();
                    format!("[ \"$1\" = agent ] && shift && exec {program} \"$@\"\n")
                }
                other => panic!("no server is called {other}"),
            };
            let path = folder.path().join(name);
            fs::write(&path, format!("#!/bin/sh\n{script}")).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        Some(Self(folder))
    }

    pub(crate) fn folder(&self) -> &Path {
        self.0.path()
    }
}
