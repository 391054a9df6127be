//! A collector that is away, slow, or no collector: reconciles go on as if there were none, the log says so once, and the end is not held up.

use std::io::{BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::time::Duration;

use trimtab::seams::Seams;

use crate::collector::{Collector, request, serve};
use crate::daemon::{Folder, pause, until};

const AWAY: &str = "spans do not reach the collector";
/// The last spans have 2 s; the rest is a busy machine.
const END: Duration = Duration::from_secs(10);

/// Runs sites with a collector of this address, changed again and again, and says what was logged.
fn log_with(url: &str) -> String {
    let folder = Folder::new("exit 0", &["blog"]);
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", url),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "300"),
        ("OTEL_BSP_SCHEDULE_DELAY", "20"),
        ("OTEL_BSP_EXPORT_TIMEOUT", "300"),
    ];
    let daemon = folder.run(&["-v"], &variables);
    daemon.says(AWAY);
    // While it is away: each change is reconciled.
    for number in 2..12 {
        folder.site("blog", number);
        let runs = || daemon.log().matches("the script ended").count();
        until("a run of each change", || runs() >= number, || daemon.log());
        pause(Duration::from_millis(50));
    }
    let stopped = Seams::tokio().now();
    daemon.stop();
    let (code, log) = daemon.ended();
    assert_eq!(code, Some(0), "{log}");
    let took = Seams::tokio().now() - stopped;
    assert!(took < END, "it took {took:?} to end\n{log}");
    assert_eq!(log.matches(AWAY).count(), 1, "{log}");
    log
}

#[test]
fn a_collector_that_is_away_holds_nothing_up_and_is_told_once() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let log = log_with(&format!("http://{free}"));
    assert!(log.contains("refused"), "{log}");
}

#[test]
fn a_collector_that_never_answers_holds_nothing_up() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    serve(listener, |mut stream| drop(stream.read_to_end(&mut Vec::new())));
    let log = log_with(&url);
    assert!(log.contains("timeout"), "{log}");
}

#[test]
fn what_answers_rubbish_is_no_collector() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    serve(listener, |mut stream| {
        let _ = stream.write_all(b"220 mail.example ESMTP\r\n");
        let _ = stream.read_to_end(&mut Vec::new());
    });
    log_with(&url);
}

#[test]
fn an_answer_without_end_is_not_read() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    serve(listener, |stream| {
        let mut stream = BufReader::new(stream);
        if request(&mut stream).is_some() {
            let _ = stream.get_mut().write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
            while stream.get_mut().write_all(&[0; 4096]).is_ok() {}
        }
    });
    log_with(&url);
}

#[test]
fn a_collector_that_comes_back_is_told_too() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let folder = Folder::new("exit 0", &["blog"]);
    let url = format!("http://{free}");
    let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str()), ("OTEL_BSP_SCHEDULE_DELAY", "20")];
    let daemon = folder.run(&[], &variables);
    daemon.says(AWAY);
    let collector = Collector::on(TcpListener::bind(free).unwrap());
    for number in 2.. {
        folder.site("blog", number);
        if !collector.sent().is_empty() || number == 1000 {
            break;
        }
        pause(Duration::from_millis(50));
    }
    daemon.says("spans reach the collector again");
    daemon.stop();
    assert_eq!(daemon.ended().0, Some(0));
}

#[test]
fn a_variable_that_is_wrong_stops_the_start_and_says_so() {
    let folder = Folder::new("exit 0", &[]);
    let variables =
        [("OTEL_EXPORTER_OTLP_ENDPOINT", "http://h:4317"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")];
    let (code, log) = folder.run(&[], &variables).ended();
    assert_eq!(code, Some(1));
    assert!(log.starts_with("error: OTEL_EXPORTER_OTLP_PROTOCOL is `grpc`; only `http/protobuf`"), "{log}");
}
