//! Clients that take their time, against the daemon as it is run.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use trimtab::seams::Seams;

use super::api::{address, answers, ask};
use super::stage::Folder;

const MIB: u64 = 1024;

/// A header has 10 s, and it takes longer at this pace.
#[tokio::test]
async fn clients_that_send_a_byte_a_second_are_cut_off_and_the_others_served_meanwhile() {
    let (folder, seams) = (Folder::of_sites("exit 0", ""), Seams::tokio());
    let daemon = folder.start(&[]);
    let address = address(&daemon).await;
    let before = daemon.memory();
    let mut slow = Vec::new();
    for _ in 0..200 {
        slow.push(TcpStream::connect(&address).await.unwrap());
    }
    let mut seconds = 0;
    for byte in b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n".chunks(1) {
        let mut left = Vec::new();
        for mut stream in slow {
            let mut answer = [0; 1];
            let is_open = match stream.try_read(&mut answer) {
                Ok(0) => false,
                Err(error) => error.kind() == std::io::ErrorKind::WouldBlock,
                Ok(_) => panic!("a request that has not ended was answered"),
            };
            if is_open && stream.write_all(byte).await.is_ok() {
                left.push(stream);
            }
        }
        slow = left;
        if slow.is_empty() {
            break;
        }
        assert!(ask(&address, "/healthz", None).await.ends_with("ok"));
        seams.sleep(Duration::from_secs(1)).await;
        seconds += 1;
    }
    assert!(slow.is_empty() && (8..30).contains(&seconds), "{} are left after {seconds} s", slow.len());
    let grown = daemon.memory().saturating_sub(before);
    assert!(grown < 32 * MIB, "{grown} KiB more than {before}");
}

/// What they are not told yet lies in the history, once for all of them.
#[tokio::test]
async fn watchers_that_never_read_cost_what_one_costs() {
    const DEAF: usize = 50;
    let folder = Folder::new("[store]\nurl = \"memory:\"\n");
    let daemon = folder.start(&[]);
    let address = address(&daemon).await;
    let mut deaf = Vec::new();
    for _ in 0..DEAF {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        stream.write_all(b"GET /v1/watch?kind=site HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        let mut first = [0; 15];
        stream.read_exact(&mut first).await.unwrap();
        deaf.push(stream);
    }
    let (before, text) = (daemon.memory(), "x".repeat(200 << 10));
    for number in 0..200 {
        let body = format!("{{\"spec\":{{\"number\":{number},\"text\":\"{text}\"}}}}");
        let mut stream = TcpStream::connect(&address).await.unwrap();
        let head = format!(
            "PUT /v1/entries/site/a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 20"), "{answer}");
    }
    let grown = daemon.memory().saturating_sub(before);
    println!("{grown} KiB for {DEAF} watchers that were not told of 40 MiB");
    assert!(grown < 160 * MIB, "{grown} KiB more than {before}");
    assert!(ask(&address, "/metrics", None).await.contains("trimtab_http_streams "));
    drop(deaf);
    answers(&daemon, &address, "/metrics", None, "trimtab_http_streams 0").await;
}
