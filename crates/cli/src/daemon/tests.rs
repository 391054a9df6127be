//! The daemon in a world of the test's own.

use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use clap::Parser as _;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use trimtab::seams::{Clock, Instant, Seams, Timer};

use super::voice::Voice;
use super::{checked, serve};
use crate::command::{Command, CommandLine};
use crate::screen::Screen;

/// Monotonic time as it is, and a time of day that is so many hours off.
struct Stepped(Seams, Arc<AtomicI64>);

impl Clock for Stepped {
    fn now(&self) -> Instant {
        self.0.now()
    }
    fn wall(&self) -> SystemTime {
        let hours = self.1.load(Ordering::Relaxed);
        let off = Duration::from_secs(hours.unsigned_abs() * 3600);
        if hours < 0 { self.0.wall() - off } else { self.0.wall() + off }
    }
    fn timer(&self) -> Box<dyn Timer> {
        self.0.timer()
    }
}

#[derive(Clone, Default)]
struct Printed(Arc<Mutex<Vec<u8>>>);

impl Write for Printed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

async fn get(address: &str, path: &str) -> (bool, Value) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.starts_with("HTTP/1.1 200 "), serde_json::from_str(body).unwrap())
}

fn runs(folder: &Path, name: &str) -> usize {
    let text = std::fs::read_to_string(folder.join("runs")).unwrap_or_default();
    text.lines().filter(|line| *line == name).count()
}

/// guarantee L-b, fault F23
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_stepped_by_an_hour_takes_no_lease_and_holds_up_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let toml = "[store]\nurl = \"memory:\"\n[cluster]\nlease = \"1s\"\n[[controller]]\nname = \"sites\"\nkind = \"site\"\nexec = [\"./script\"]\nplacement = \"leader\"\n";
    std::fs::write(at("trimtab.toml"), toml).unwrap();
    let script = "#!/bin/sh\necho $TRIMTAB_NAME >> runs; echo '{\"requeue_after\": \"100ms\"}'\n";
    std::fs::write(at("script"), script).unwrap();
    std::fs::set_permissions(at("script"), std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::create_dir(at("entries")).unwrap();
    let declare = |name: &str| {
        let text = format!("kind: site\nname: {name}\nspec: {{}}\n");
        std::fs::write(at(&format!("entries/{name}.yaml")), text).unwrap();
    };
    declare("first");

    let (hours, printed) = (Arc::new(AtomicI64::new(0)), Printed::default());
    let real = Seams::tokio();
    let seams = real.clone().with_clock(Stepped(real.clone(), Arc::clone(&hours)));
    let line = CommandLine::try_parse_from([
        "trimtab",
        "run",
        folder.path().to_str().unwrap(),
        "--listen",
        "127.0.0.1:0",
    ]);
    let Command::Run(arguments) = line.unwrap().command else { panic!("another command") };
    let screen = Screen::new(Box::new(printed.clone()), Box::new(printed.clone()), None);
    let voice = Voice { screen: screen.clone(), format: arguments.log_format };
    let checked = checked(&arguments, &voice).unwrap();

    let until = async |what: &str, is_so: &dyn Fn() -> bool| {
        let end = real.now() + Duration::from_secs(30);
        while !is_so() {
            assert!(real.now() < end, "never came: {what}");
            real.sleep(Duration::from_millis(10)).await;
        }
    };
    let story = async {
        until("its runs", &|| runs(folder.path(), "first") > 1).await;
        let text = String::from_utf8(printed.0.lock().clone()).unwrap();
        let address = text.split_once("api http://").unwrap().1.lines().next().unwrap().to_owned();
        let epoch = async || get(&address, "/v1/controllers/sites").await.1["epoch"].clone();
        let held = epoch().await;
        assert!(held.is_u64(), "{held}");
        for (step, name) in [(1, "forward"), (-1, "back"), (0, "again")] {
            hours.store(step, Ordering::Relaxed);
            declare(name);
            let before = runs(folder.path(), "first");
            until(name, &|| runs(folder.path(), name) > 1).await;
            until("what was promised", &|| runs(folder.path(), "first") > before + 2).await;
            // Longer than the lease lives without a renewal.
            real.sleep(Duration::from_millis(1100)).await;
            assert_eq!(epoch().await, held, "the same lease");
            assert!(get(&address, "/readyz").await.0, "{name}");
        }
    };
    tokio::select! {
        exit = serve::serve(&arguments, &checked, &screen, &voice, &seams) => panic!("it ended: {exit:?}"),
        () = story => {}
    }
}
