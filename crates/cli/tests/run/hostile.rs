//! Clients that mean no good, against the daemon as it is run: it stays up, it stays ready, and its memory stays bounded.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use trimtab::seams::{Random as _, Seeded};

use super::api::{address, answers, ask};
use super::stage::{Daemon, Folder};

const MIB: u64 = 1024;
const GET: &str = "GET /v1/entries/site?limit=3&prefix=a HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n";
const PUT: &str = "PUT /v1/entries/site/a HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";

/// A daemon that is ready.
async fn ready() -> (Folder, Daemon, String) {
    let folder = Folder::of_sites("echo \"$TRIMTAB_NAME\" >> ran", "");
    let daemon = folder.start(&[]);
    let address = address(&daemon).await;
    answers(&daemon, &address, "/readyz", None, "HTTP/1.1 200").await;
    (folder, daemon, address)
}

/// A request with some of its bytes changed, taken out, put in, or its end cut off.
fn malformed(random: &Seeded, number: usize) -> Vec<u8> {
    let below = |most: usize| usize::try_from(random.next_u64() % most as u64).unwrap();
    let whole = format!("{PUT}Content-Length: 23\r\n\r\n{{\"spec\":{{\"port\":8080}}}}");
    let mut bytes = if number.is_multiple_of(2) { GET } else { &whole }.as_bytes().to_vec();
    for _ in 0..=below(4) {
        let (place, byte) = (below(bytes.len()), u8::try_from(below(256)).unwrap());
        match below(4) {
            0 => bytes[place] = byte,
            1 if bytes.len() > 1 => drop(bytes.remove(place)),
            2 => bytes.insert(place, byte),
            _ => bytes.truncate(place.max(1)),
        }
    }
    bytes
}

#[tokio::test]
async fn ten_thousand_malformed_requests_are_each_answered_or_cut_off() {
    let (_folder, daemon, address) = ready().await;
    let (random, before) = (Seeded::new(7), daemon.memory());
    let mut answered = 0;
    for number in 0..10_000 {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        let request = malformed(&random, number);
        // One that has heard enough may have closed.
        drop(stream.write_all(&request).await);
        drop(stream.shutdown().await);
        let mut answer = Vec::new();
        tokio::select! {
            _ = stream.read_to_end(&mut answer) => {}
            () = trimtab::seams::Seams::tokio().sleep(std::time::Duration::from_secs(60)) => {
                panic!("neither answered nor closed: {:?}", String::from_utf8_lossy(&request));
            }
        }
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 "), "{answer}");
        assert!(!answer.starts_with("HTTP/1.1 5"), "{:?}: {answer}", String::from_utf8_lossy(&request));
        answered += usize::from(!answer.is_empty());
    }
    assert!(answered > 1_000, "most are cut off, so little was proven: {answered}");
    assert!(ask(&address, "/readyz", None).await.contains("HTTP/1.1 200"), "{}", daemon.log());
    let grown = daemon.memory().saturating_sub(before);
    assert!(grown < 32 * MIB, "10,000 requests, and {grown} KiB more than {before}");
    assert!(!daemon.log().contains("panic"), "{}", daemon.log());
}

#[tokio::test]
async fn bodies_of_100_mib_are_refused_and_held_by_nobody() {
    let (_folder, daemon, address) = ready().await;
    let before = daemon.memory();
    let piece = vec![b' '; 1 << 20];
    let sent = async |head: String, in_chunks: bool| {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        for _ in 0..100 {
            let size = format!("{:x}\r\n", piece.len());
            let parts = [size.as_bytes(), &piece, b"\r\n"];
            let parts = if in_chunks { &parts[..] } else { &parts[1..2] };
            for part in parts {
                if stream.write_all(part).await.is_err() {
                    return;
                }
            }
        }
    };
    for _ in 0..8 {
        let length = format!("{PUT}Content-Length: {}\r\n\r\n", 100 << 20);
        let chunked = format!("{PUT}Transfer-Encoding: chunked\r\n\r\n");
        tokio::join!(
            sent(length.clone(), false),
            sent(length, false),
            sent(chunked.clone(), true),
            sent(chunked, true)
        );
    }
    let grown = daemon.memory().saturating_sub(before);
    assert!(grown < 32 * MIB, "{grown} KiB more than {before}");
    answers(&daemon, &address, "/readyz", None, "HTTP/1.1 200").await;
}

/// Each has asked once, so each is a connection that is served.
async fn open(address: &str, number: usize) -> Vec<TcpStream> {
    let mut open = Vec::new();
    for _ in 0..number {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        let mut first = [0; 15];
        stream.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"HTTP/1.1 200 OK");
        open.push(stream);
    }
    open
}

#[tokio::test]
async fn five_thousand_connections_are_served_and_cost_little() {
    const CONNECTIONS: usize = 5_000;
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
    if maximum.is_some_and(|most| most < 6_000) {
        eprintln!("SKIPPED: {maximum:?} files may be open here; 5,000 connections need more");
        return;
    }
    let (folder, daemon, address) = ready().await;
    let before = daemon.memory();
    let open = open(&address, CONNECTIONS).await;
    let grown = daemon.memory().saturating_sub(before);
    println!("{} bytes a connection", grown * 1024 / CONNECTIONS as u64);
    assert!(grown < CONNECTIONS as u64 * 32, "{grown} KiB for {CONNECTIONS} connections");
    assert!(ask(&address, "/metrics", None).await.contains("trimtab_http_connections 5001"));
    folder.site("blog");
    daemon.until("a run", || folder.read("ran").contains("blog")).await;
    answers(&daemon, &address, "/readyz", None, "HTTP/1.1 200").await;
    drop(open);
    answers(&daemon, &address, "/metrics", None, "trimtab_http_connections 1\n").await;
}

/// Clients never have all descriptors: a script needs three pipes.
#[tokio::test]
async fn with_few_descriptors_connections_are_refused_before_scripts_are() {
    let folder = Folder::of_sites("echo \"$TRIMTAB_NAME\" >> ran", "");
    let daemon = folder.start_with_files(600);
    let address = address(&daemon).await;
    let open = open(&address, 300).await;
    for _ in 0..400 {
        let mut beyond = TcpStream::connect(&address).await.unwrap();
        let mut nothing = Vec::new();
        drop(beyond.read_to_end(&mut nothing).await);
        assert!(nothing.is_empty());
    }
    daemon.logs("300 connections are open, as many as there may be").await;
    folder.site("blog");
    daemon.until("a run", || folder.read("ran").contains("blog")).await;
    assert_eq!(daemon.log().matches("as many as there may be").count(), 1, "{}", daemon.log());
    assert!(!daemon.log().contains("Too many open files"), "{}", daemon.log());
    drop(open);
    answers(&daemon, &address, "/readyz", None, "HTTP/1.1 200").await;
}
