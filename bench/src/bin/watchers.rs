//! A thousand watchers of the HTTP API, and lists of ten thousand entries: whether one loses a change, how late it hears of it, what it costs the daemon.
//!
//! ```sh
//! cargo run --release --bin watchers                 # 1,000 watchers, 200 changes a second, 30 s
//! cargo run --release --bin watchers -- 100 50 5
//! ```
//!
//! Daemon and watchers share the machine. A change carries the time at which it was sent, so lateness is from before the PUT until a watcher has read the event, the commit to the disk
//! included; changes are sent when they are due, not when the last one was answered.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use trimtab_bench::daemon::{Daemon, binary, folder};

/// What a watcher has heard.
#[derive(Default)]
struct Heard {
    /// How many changes.
    changes: u64,
    /// The index of the last commit.
    index: u64,
    /// A commit was told twice, or after a later one.
    unordered: bool,
    lateness: Vec<u32>,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, default: u64| arguments.get(at).map_or(default, |text| text.parse().expect("a number"));
    let (watchers, rate, seconds) = (number(0, 1000), number(1, 200), number(2, 30));
    let binary = binary();
    let daemon = Daemon::start(&binary, folder("watchers", &[("trimtab.toml", "[entries]\nwatch = false\n", false)]));
    watch(&daemon, watchers, rate, seconds);
    list(&daemon);
}

fn watch(daemon: &Daemon, watchers: u64, rate: u64, seconds: u64) {
    let begun = Instant::now();
    let before = daemon.memory();
    let last = rate * seconds;
    let streams: Vec<_> = (0..watchers)
        .map(|_| {
            let mut stream = TcpStream::connect(daemon.address).expect("it listens");
            let request = format!("GET /v1/watch?kind=tick HTTP/1.1\r\nHost: {}\r\n\r\n", daemon.address);
            stream.write_all(request.as_bytes()).expect("sent");
            stream
        })
        .collect();
    // Each is at the end of its snapshot before the first change.
    let mut opened = Vec::new();
    for mut stream in streams {
        let mut text = Vec::new();
        while !contains(&text, b"event: end-of-snapshot") {
            let mut buffer = [0; 4096];
            let read = stream.read(&mut buffer).expect("a stream");
            assert!(read > 0, "the stream ended: {}", String::from_utf8_lossy(&text));
            text.extend_from_slice(&buffer[..read]);
        }
        opened.push(stream);
    }
    let idle = daemon.memory();
    // A few threads read all streams: a thread each would measure the scheduler.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads");
    let readers: Vec<_> = opened
        .into_iter()
        .map(|stream| {
            stream.set_nonblocking(true).expect("set");
            runtime.spawn(hear(stream, last, begun))
        })
        .collect();
    let sent = send(daemon, rate, last, begun);
    let mut lost = 0;
    let mut all = Vec::new();
    let (mut peak, mut unordered) = (daemon.memory(), 0);
    for reader in readers {
        let heard = runtime.block_on(reader).expect("a reader");
        peak = peak.max(daemon.memory());
        lost += last - heard.changes;
        unordered += u64::from(heard.unordered);
        all.extend(heard.lateness);
    }
    all.sort_unstable();
    let at = |share: f64| f64::from(all[((all.len() - 1) as f64 * share) as usize]) / 1000.0;
    println!(
        "{{\"case\":\"watchers\",\"watchers\":{watchers},\"changes\":{last},\"a_second\":{rate},\"sent_in_s\":{:.1},\"lost\":{lost},\"unordered\":{unordered},\
         \"p50_ms\":{:.1},\"p99_ms\":{:.1},\"max_ms\":{:.1},\"bytes_per_watcher_idle\":{},\"bytes_per_watcher_peak\":{}}}",
        sent.as_secs_f64(),
        at(0.5),
        at(0.99),
        at(1.0),
        idle.saturating_sub(before) / watchers,
        peak.saturating_sub(before) / watchers
    );
}

/// Sends each change when it is due, over as many connections as it takes.
fn send(daemon: &Daemon, rate: u64, last: u64, begun: Instant) -> Duration {
    let start = Instant::now();
    let clients = 8;
    std::thread::scope(|scope| {
        for nth in 0..clients {
            scope.spawn(move || {
                let mut client = daemon.connect();
                for number in (nth..last).step_by(clients as usize) {
                    let due = start + Duration::from_secs_f64(number as f64 / rate as f64);
                    std::thread::sleep(due.saturating_duration_since(Instant::now()));
                    let at = begun.elapsed().as_micros();
                    let body = format!(r#"{{"kind":"tick","name":"t-{}","spec":{{"n":{number},"sent":{at}}}}}"#, number % 100);
                    let (status, answer) = client.ask("PUT", &format!("/v1/entries/tick/t-{}", number % 100), Some(&body));
                    assert!(status < 300, "{status}: {}", String::from_utf8_lossy(&answer));
                }
            });
        }
    });
    start.elapsed()
}

async fn hear(stream: TcpStream, last: u64, begun: Instant) -> Heard {
    use tokio::io::AsyncReadExt as _;
    let mut stream = tokio::net::TcpStream::from_std(stream).expect("a stream");
    let (mut heard, mut rest, mut buffer) = (Heard::default(), Vec::new(), vec![0; 64 << 10]);
    while heard.changes < last {
        let waited = tokio::time::timeout(Duration::from_secs(30), stream.read(&mut buffer)).await;
        let Ok(Ok(read @ 1..)) = waited else { break };
        let now = begun.elapsed().as_micros() as u64;
        rest.extend_from_slice(&buffer[..read]);
        let mut at = 0;
        // What is new of a change stands in the last `"n":` of its line.
        while let Some(end) = rest[at..].iter().position(|byte| *byte == b'\n') {
            let line = &rest[at..at + end];
            if line.starts_with(b"data: {\"position\"")
                && let Some(place) = line.windows(5).rposition(|window| window == b"{\"n\":")
            {
                let numbers = |text: &[u8]| {
                    let digits = text.split(|byte| !byte.is_ascii_digit()).filter(|digits| !digits.is_empty());
                    digits.filter_map(|digits| std::str::from_utf8(digits).ok()?.parse::<u64>().ok()).collect::<Vec<_>>()
                };
                let sent = numbers(&line[place + 5..])[1];
                // A position is the store's id, a dash and the index.
                let dash = line.iter().position(|byte| *byte == b'-').expect("a position");
                let index = numbers(&line[dash..])[0];
                heard.unordered |= index <= heard.index;
                heard.index = index;
                heard.changes += 1;
                heard.lateness.push(u32::try_from(now.saturating_sub(sent)).unwrap_or(u32::MAX));
            }
            at += end + 1;
        }
        rest.drain(..at);
    }
    heard
}

fn contains(text: &[u8], wanted: &[u8]) -> bool {
    text.windows(wanted.len()).any(|window| window == wanted)
}

/// Lists of 10,000 entries of half a KiB.
fn list(daemon: &Daemon) {
    let mut client = daemon.connect();
    let padding = "x".repeat(450);
    let entries = 10_000;
    for page in (0..entries).collect::<Vec<_>>().chunks(50) {
        let puts: Vec<_> = page
            .iter()
            .map(|n| format!(r#"{{"put":{{"entry":{{"kind":"item","name":"i-{n:05}","spec":{{"text":"{padding}"}}}}}}}}"#))
            .collect();
        let (status, answer) = client.ask("POST", "/v1/transactions", Some(&format!(r#"{{"operations":[{}]}}"#, puts.join(","))));
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&answer));
    }
    let mut times = Vec::new();
    let (mut bytes, mut pages) = (0, 0);
    for _ in 0..20 {
        let start = Instant::now();
        let (mut path, mut found) = ("/v1/entries/item?limit=5000".to_owned(), 0);
        (bytes, pages) = (0, 0);
        loop {
            let (status, answer) = client.ask("GET", &path, None);
            assert_eq!(status, 200, "{}", String::from_utf8_lossy(&answer));
            (bytes, pages) = (bytes + answer.len(), pages + 1);
            let answer: serde_json::Value = serde_json::from_slice(&answer).expect("JSON");
            found += answer["items"].as_array().map_or(0, Vec::len);
            match answer["continue"].as_str() {
                Some(next) => path = format!("/v1/entries/item?limit=5000&continue={next}"),
                None => break,
            }
        }
        assert_eq!(found, entries);
        times.push(start.elapsed());
    }
    times.sort();
    println!(
        "{{\"case\":\"list\",\"entries\":{entries},\"pages\":{pages},\"bytes\":{bytes},\"p50_ms\":{:.1},\"max_ms\":{:.1}}}",
        times[times.len() / 2].as_secs_f64() * 1000.0,
        times.last().expect("some").as_secs_f64() * 1000.0
    );
}
