//! A process that holds one lease until it is killed.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::runtime::Builder;
use trimtab_backend::Leases as _;
use trimtab_seams::Seams;

use super::leases;
use super::servers::{Servers, open};

/// What this program is started with to be one.
pub(crate) const WORD: &str = "hold";

/// Starts one and waits until it holds its lease.
pub(crate) fn start(servers: &Servers, ttl: Duration, name: &str) -> Child {
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args([WORD, servers.kind(), &servers.endpoints().join(","), &ttl.as_millis().to_string(), name])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("this program");
    let mut said = String::new();
    let printed = child.stdout.take().expect("a pipe");
    BufReader::new(printed).read_line(&mut said).expect("a line");
    assert_eq!(said.trim(), "held");
    child
}

pub(crate) fn main(arguments: &[String]) {
    let [_, kind, endpoints, ttl, name] = arguments else {
        panic!("a store, its endpoints, a TTL and a name")
    };
    let ttl = Duration::from_millis(ttl.parse().expect("milliseconds"));
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let seams = Seams::tokio();
        // One whose starter is gone ends.
        seams.spawn_blocking("starter", || {
            _ = std::io::stdin().lines().count();
            std::process::exit(1);
        });
        let store = open(kind, endpoints.split(',').map(Into::into).collect()).await;
        let mut held = leases(&store, &seams, ttl).acquire(name, "to be killed").await.expect("a lease");
        println!("held");
        std::io::stdout().flush().expect("a pipe");
        loop {
            seams.sleep_until(held.renew_at()).await;
            held.renew().await.expect("nobody else takes it");
        }
    });
}
