//! The daemon as its users have it: built for release, in a folder of its own, asked over HTTP.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A running daemon; killed when it is dropped.
#[derive(Debug)]
pub struct Daemon {
    child: Child,
    folder: PathBuf,
    /// Where it listens.
    pub address: SocketAddr,
}

/// The binary, built for release if it is not yet.
pub fn binary() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let built = Command::new("cargo")
        .args(["build", "--quiet", "--release", "--bin", "trimtab", "--target-dir"])
        .arg(root.join("target"))
        .current_dir(&root)
        .status();
    assert!(built.is_ok_and(|status| status.success()), "the binary could not be built");
    root.join("target/release/trimtab").canonicalize().expect("it was built")
}

/// A folder with these files (path, text, whether it is run), under the system's folder for temporary ones.
pub fn folder(name: &str, files: &[(&str, &str, bool)]) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = std::env::temp_dir().join(format!("trimtab-bench-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder that may be written");
    for (path, text, run) in files {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().expect("below the folder")).expect("made");
        std::fs::write(&path, text).expect("written");
        let mode = if *run { 0o755 } else { 0o644 };
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("set");
    }
    folder
}

impl Daemon {
    /// Starts it in a folder, which it then owns.
    pub fn start(binary: &Path, folder: PathBuf) -> Self {
        let mut child = Command::new(binary)
            .args(["run", "-q"])
            .arg(&folder)
            .env("TRIMTAB_HTTP_LISTEN", "127.0.0.1:0")
            .stdout(Stdio::piped())
            .spawn()
            .expect("it can be started");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let first = lines.next().expect("a line").expect("text");
        let address = first.split_once("api http://").and_then(|(_, rest)| rest.trim().parse().ok());
        let address = address.unwrap_or_else(|| panic!("no address in {first:?}"));
        // What else it says is read, so that its pipe does not fill.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, folder, address }
    }

    /// Ends it as a user would, and leaves its folder.
    pub fn stop(mut self) {
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        assert!(asked.is_ok_and(|status| status.success()), "it was asked to end");
        drop(self.child.wait());
        self.folder = PathBuf::new();
    }

    /// Resident memory, in bytes.
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or_default() * 1024
    }

    /// A connection on which requests are made one after another.
    pub fn connect(&self) -> Client {
        let stream = TcpStream::connect(self.address).expect("it listens");
        stream.set_nodelay(true).expect("set");
        Client { reader: BufReader::new(stream), address: self.address }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        if !self.folder.as_os_str().is_empty() {
            drop(std::fs::remove_dir_all(&self.folder));
        }
    }
}

/// A connection kept open.
#[derive(Debug)]
pub struct Client {
    reader: BufReader<TcpStream>,
    address: SocketAddr,
}

impl Client {
    /// One request; its status and body.
    pub fn ask(&mut self, method: &str, path: &str, body: Option<&str>) -> (u16, Vec<u8>) {
        let body = body.unwrap_or_default();
        let address = self.address;
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        self.reader.get_mut().write_all(request.as_bytes()).expect("sent");
        let (mut status, mut length, mut chunked) = (0, 0, false);
        loop {
            let mut line = String::new();
            self.reader.read_line(&mut line).expect("an answer");
            let line = line.trim_end().to_ascii_lowercase();
            if let Some(rest) = line.strip_prefix("http/1.1 ") {
                status = rest[..3].parse().expect("a status");
            } else if let Some(rest) = line.strip_prefix("content-length: ") {
                length = rest.parse().expect("a length");
            } else if line == "transfer-encoding: chunked" {
                chunked = true;
            } else if line.is_empty() {
                break;
            }
        }
        let mut answer = vec![0; length];
        if chunked {
            loop {
                let mut size = String::new();
                self.reader.read_line(&mut size).expect("a chunk");
                let size = usize::from_str_radix(size.trim(), 16).expect("its size");
                let at = answer.len();
                answer.resize(at + size + 2, 0);
                self.reader.read_exact(&mut answer[at..]).expect("its bytes");
                answer.truncate(at + size);
                if size == 0 {
                    break;
                }
            }
        } else {
            self.reader.read_exact(&mut answer).expect("a body");
        }
        (status, answer)
    }
}
