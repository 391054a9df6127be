//! A daemon that is not there, or is something else.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use trimtab::seams::Seams;

use super::at::{At, serve};
use super::stage::Folder;

/// Something that answers everybody with this, and hangs up.
async fn another(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    Seams::tokio().spawn("another service", async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 1024];
            drop(stream.read(&mut request).await);
            drop(stream.write_all(answer).await);
        }
    });
    format!("http://{address}")
}

#[tokio::test]
async fn a_refused_connection_ends_with_5_and_asks_whether_the_daemon_runs() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let wanted = format!(
        "error: connection refused at {url}\n  is `trimtab run` running there? name another by --server\n"
    );
    for line in [
        "get sites",
        "watch sites",
        "describe site a",
        "queue",
        "enqueue sites --all",
        "status",
        "version --daemon",
    ] {
        let ended = At::new(&url).trimtab(line).await.with_code(5);
        assert_eq!(ended.err, wanted, "{line}");
    }
}

/// The servers of a store are choosing a leader.
#[tokio::test]
async fn who_is_told_that_nothing_was_done_and_when_to_come_again_asks_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let busy = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let full = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 10\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let answers: [&'static [u8]; 3] = [busy, busy, full];
    let (told, heard) = tokio::sync::oneshot::channel();
    Seams::tokio().spawn("a busy daemon", async move {
        for answer in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            drop(stream.read(&mut request).await);
            drop(stream.write_all(answer).await);
        }
        _ = told.send(());
    });
    At::new(&url).trimtab("version --daemon").await.with_code(5);
    heard.await.expect("asked three times: for longer than a moment nobody stands by");
}

#[tokio::test]
async fn another_service_at_the_port_ends_with_5_and_is_shown() {
    for (answer, wanted) in [
        (
            &b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 15\r\n\r\n<html>hi</html>"[..],
            "is not Trimtab's API: 200, text/html, `<html>hi</html>`",
        ),
        (
            b"HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
            "is not Trimtab's API: 404, application/json, `{}`",
        ),
        (
            b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
            "is not Trimtab's API: 302",
        ),
        (b"220 mail.example.org ESMTP\r\n", "does not speak HTTP"),
        (b"", "closed the connection without an answer"),
    ] {
        let url = another(answer).await;
        let ended = At::new(&url).trimtab("status").await.with_code(5);
        assert!(ended.err.contains(wanted) && ended.err.contains(&url), "{wanted}: {}", ended.err);
    }
}

#[tokio::test]
async fn a_url_that_is_none_ends_with_2_and_a_name_that_is_unknown_with_5() {
    for url in ["127.0.0.1:7420", "ftp://localhost", "http://user:secret@localhost", "http://localhost:99999"]
    {
        let ended = At::new(url).trimtab("get sites").await.with_code(2);
        assert!(ended.err.contains("write it as `http://127.0.0.1:7420`"), "{}", ended.err);
        assert!(!ended.err.contains("secret"), "{}", ended.err);
    }
    let ended = At::new("http://no-such-host.invalid").trimtab("get sites").await.with_code(5);
    assert!(ended.err.contains("the name `no-such-host.invalid` cannot be resolved"), "{}", ended.err);
}

#[tokio::test]
async fn a_script_asks_the_daemon_that_started_it() {
    let program = env!("CARGO_BIN_EXE_trimtab");
    let folder = Folder::of_sites(&format!("{program} get sites -o name > found && mv found names"), "");
    folder.site("blog");
    let (daemon, _) = serve(&folder, &[]).await;
    daemon.until("the script's answer", || folder.has("names")).await;
    assert_eq!(folder.read("names"), "site/blog\n");
}

#[tokio::test]
async fn a_proxy_of_the_environment_is_not_asked_for_this_machine() {
    let folder = Folder::of_sites("exit 0", "");
    let (_daemon, url) = serve(&folder, &[]).await;
    let at = At::new(&url).with("HTTP_PROXY", "http://127.0.0.1:1").with("ALL_PROXY", "http://127.0.0.1:1");
    at.trimtab("version --daemon").await.with_code(0);
}

#[tokio::test]
async fn each_request_is_told_when_it_is_asked_for() {
    let folder = Folder::of_sites("exit 0", "");
    let (_daemon, url) = serve(&folder, &[]).await;
    let ended = At::new(&url).trimtab("version --daemon -v").await.with_code(0);
    assert!(ended.err.contains(&format!("GET {url}/v1/cluster: 200 in ")), "{}", ended.err);
}
