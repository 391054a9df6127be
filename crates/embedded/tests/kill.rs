//! kill -9 of a process that commits without pause.

use std::collections::BTreeMap;
use std::env;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use trimtab_backend::{
    Backend, Expect, FeedItem, Index, Key, Operation, Part, Position, Record, RecordChange, Scope,
    Transaction,
};
use trimtab_embedded::Embedded;
use trimtab_seams::{Random, Seams, Seeded};

/// Set for the process that is to be killed: its directory.
const CHILD: &str = "TRIMTAB_TEST_CRASH_CHILD";
/// How often to kill. `cargo xtask crash` sets 1,000.
const CRASHES: &str = "TRIMTAB_CRASHES";

/// Entries, each written whole by one transaction: half of them would show.
const ENTRIES: u64 = 4;
/// Tasks that commit together.
const WRITERS: u64 = 4;

fn key(writer: u64, number: u64) -> Key {
    Key::new("site", &format!("{writer}-{number}"))
}

/// All entries of a writer get the same stamp.
fn stamped(writer: u64, stamp: u64) -> Transaction {
    Transaction::of((0..ENTRIES).map(|number| {
        let value = format!("{stamp}\n{}", "x".repeat(usize::try_from(stamp % 700).expect("small"))).into();
        Operation::Put { key: key(writer, number), part: Part::Spec, value, expect: Expect::Anything }
    }))
}

fn stamp_of(record: &Record) -> u64 {
    let line = record.value.split(|&byte| byte == b'\n').next().expect("a first line");
    std::str::from_utf8(line).expect("text").parse().expect("a number")
}

/// The process that is killed: four tasks commit and say so on the pipe.
async fn commit_for_ever(directory: &Path) {
    let store =
        Embedded::builder(directory).history(1 << 20).checkpoint_after(200_000).open().expect("opens");
    let seams = Seams::tokio();
    let from = store.read(&[]).await.expect("open").0.index.get();
    say(&format!("open {from}"));
    for writer in 0..WRITERS {
        let store = store.clone();
        seams.spawn("writer", async move {
            for round in 1.. {
                let stamp = from * 1000 + round;
                let commit = store.commit(stamped(writer, stamp)).await.expect("a sync");
                say(&format!("ack {} {writer} {stamp}", commit.position().index));
            }
        });
    }
    std::future::pending::<()>().await;
}

/// One line by one write, so that a kill leaves whole lines but perhaps the last.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("\n{line}\n").as_bytes()).and_then(|()| out.flush()).expect("a pipe");
}

fn start(test: &str, directory: &Path) -> Child {
    Command::new(env::current_exe().expect("this test"))
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(CHILD, directory)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("this test again")
}

/// Reads acknowledgements until so many have come or the child is slow, kills it, and reads what was still in the pipe.
fn run_and_kill(mut child: Child, acks: u64, grace: Duration) -> Vec<(u64, u64, u64)> {
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let mut acknowledged = Vec::new();
    let mut opened = false;
    let mut killed = false;
    while let Some(Ok(line)) = lines.next() {
        let words: Vec<_> = line.split(' ').collect();
        match words[..] {
            ["open", _] => opened = true,
            ["ack", index, writer, stamp] => {
                let number = |text: &str| text.parse::<u64>();
                // The last line may be torn.
                if let (Ok(index), Ok(writer), Ok(stamp)) = (number(index), number(writer), number(stamp)) {
                    acknowledged.push((index, writer, stamp));
                }
            }
            _ => {}
        }
        if !killed && opened && acknowledged.len() as u64 >= acks {
            pause(grace);
            child.kill().expect("a child of ours");
            killed = true;
        }
    }
    assert!(killed, "the child ended by itself after {} acknowledgements", acknowledged.len());
    child.wait().expect("a child of ours");
    acknowledged
}

#[expect(clippy::disallowed_methods, reason = "a process of its own is killed at a moment of real time")]
fn pause(time: Duration) {
    std::thread::sleep(time);
}

/// What must be true of the directory after each kill.
async fn verify(directory: &Path, acknowledged: &[(u64, u64, u64)], last_head: u64) -> Position {
    let store = Embedded::open(directory).expect("opens after kill -9");
    let keys: Vec<_> =
        (0..WRITERS).flat_map(|writer| (0..ENTRIES).map(move |number| key(writer, number))).collect();
    let (head, records) = store.read(&keys).await.expect("open");
    let highest = acknowledged.iter().map(|(index, ..)| *index).max().unwrap_or(last_head);
    assert!(
        head.index.get() >= highest.max(last_head),
        "{head} after {highest} was acknowledged, {last_head} known"
    );

    let mut stamps = BTreeMap::<&str, Vec<(u64, Index)>>::new();
    for record in &records {
        let writer = record.key.name().split('-').next().expect("a writer");
        stamps.entry(writer).or_default().push((stamp_of(record), record.version));
    }
    for (writer, stamps) in &stamps {
        assert_eq!(stamps.len() as u64, ENTRIES, "writer {writer}: half a commit");
        assert!(
            stamps.windows(2).all(|pair| pair[0] == pair[1]),
            "writer {writer}: half a commit: {stamps:?}"
        );
    }

    // Following goes on from what was known before, and tells every acknowledged commit at its index.
    let told = follow(&store, Position { index: Index::new(last_head), ..head }, head.index).await;
    for (index, writer, stamp) in acknowledged {
        let expected = Some((ENTRIES, *writer, *stamp));
        assert_eq!(told.get(index).copied(), expected, "commit {index} was acknowledged");
    }
    head
}

/// How many puts each commit has, by whom, with which stamp.
async fn follow(store: &Embedded, from: Position, upto: Index) -> BTreeMap<u64, (u64, u64, u64)> {
    let mut feed = store.follow(Scope::All, Some(from)).await.expect("open");
    let mut told = BTreeMap::new();
    while from.index.get() + (told.len() as u64) < upto.get() {
        let FeedItem::Batch { after, upto, changes } = feed.next().await.expect("kept") else {
            panic!("a reset where the history is kept")
        };
        assert_eq!(after.next(), upto.index);
        let RecordChange::Put(record) = &changes[0] else { panic!("only puts are written") };
        let writer = record.key.name().split('-').next().expect("a writer").parse().expect("a number");
        told.insert(upto.index.get(), (changes.len() as u64, writer, stamp_of(record)));
    }
    told
}

/// behaviour E8, contract 5, guarantee S-a, guarantee S-b, fault F1, fault F2
///
/// At full length: `cargo xtask crash`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_acknowledged_commit_survives_kill_9() {
    if let Some(directory) = env::var_os(CHILD) {
        commit_for_ever(Path::new(&directory)).await;
    }
    let crashes: u64 = env::var(CRASHES).ok().and_then(|text| text.parse().ok()).unwrap_or(200);
    let folder = tempfile::tempdir().expect("a folder");
    let directory = folder.path().join("data");
    let chance = Seeded::new(crashes);
    let (mut head, mut store, mut all) = (0, None, 0);
    for _ in 0..crashes {
        let child = start("every_acknowledged_commit_survives_kill_9", &directory);
        // Some are killed as soon as they have opened, some in the middle of a group.
        let acks = [0, 1, 20, 60][usize::try_from(chance.next_u64() % 4).expect("small")];
        let acknowledged = run_and_kill(child, acks, Duration::from_micros(chance.next_u64() % 3000));
        all += acknowledged.len();
        let found = verify(&directory, &acknowledged, head).await;
        assert_eq!(*store.get_or_insert(found.store), found.store, "the store keeps its id");
        head = found.index.get();
    }
    assert!(all as u64 >= crashes, "only {all} commits were acknowledged");
    println!("{crashes} kills, {all} acknowledged commits, head {head}");
}
