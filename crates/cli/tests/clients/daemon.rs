//! A daemon on a port that it comes back to.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;

/// A folder, and the daemon on it.
pub(crate) struct Daemon {
    folder: tempfile::TempDir,
    pub(crate) address: String,
    child: Mutex<Child>,
}

impl Daemon {
    /// Starts it on a folder with this `trimtab.toml`.
    pub(crate) fn start(toml: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("trimtab.toml"), toml).unwrap();
        // A port that is free now, and that it can come back to.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let child = Mutex::new(spawn(&folder, &address));
        Self { folder, address, child }
    }

    /// Started again, on the same folder and port.
    pub(crate) fn restart(&self) {
        *self.child.lock().unwrap() = spawn(&self.folder, &self.address);
    }

    /// SIGTERM, and waited for.
    pub(crate) fn stop(&self) {
        let mut child = self.child.lock().unwrap();
        let asked = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
        assert!(asked.is_ok_and(|status| status.success()));
        child.wait().unwrap();
    }

    /// kill -9.
    pub(crate) fn kill(&self) {
        let mut child = self.child.lock().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Declares `tick/t` with this number; false when nobody answered.
    pub(crate) fn tick(&self, number: usize) -> bool {
        let body = format!(r#"{{"kind":"tick","name":"t","spec":{{"n":{number}}}}}"#);
        self.ask("PUT", "/v1/entries/tick/t", &body).is_some_and(|answer| answer.starts_with("HTTP/1.1 20"))
    }

    /// One request on a connection of its own: header and body of the answer, as they come.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> Option<String> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
        let (address, length) = (&self.address, body.len());
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        (!answer.is_empty()).then_some(answer)
    }
}

fn spawn(folder: &tempfile::TempDir, address: &str) -> Child {
    let mut child = Command::new(env!("CARGO_BIN_EXE_trimtab"))
        .args(["run", "-q"])
        .arg(folder.path())
        .env("TRIMTAB_HTTP_LISTEN", address)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    assert!(line.contains(&format!("api http://{address}")), "{line:?}");
    // The rest is little; it stays in the pipe.
    child.stdout = Some(stdout.into_inner());
    child
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let child = self.child.get_mut().unwrap();
        drop(child.kill());
        drop(child.wait());
    }
}
