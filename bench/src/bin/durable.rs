//! Commits that last: beside a bare write and sync of the same disk, alone and sixty-four together; and opening after kill -9 beside opening after a
//! clean close.
//!
//! ```sh
//! cargo run --release --bin durable                       # JSON lines; 5 rounds, 100,000 entries, in the system's folder for temporary files
//! cargo run --release --bin durable -- 5 1000000 /data    # on another disk
//! ```
//!
//! Values of 1 KiB. The rounds of what is compared take turns; only a ratio of one run counts. Opening is measured warm (the files in the system's
//! cache) and, for root, cold.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;
use trimtab_backend::{Backend, Expect, Key, Operation, Part, Transaction};
use trimtab_embedded::Embedded;
use trimtab_seams::Seams;

const VALUE: usize = 1024;
/// Commits of one round of one case.
const LONE: usize = 500;
const TOGETHER: usize = 64;
const EACH: usize = 300;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [role, place, entries] = &arguments[..]
        && let ("fill-and-die" | "fill-and-close", Ok(entries)) = (role.as_str(), entries.parse())
    {
        return fill(Path::new(place), entries, role == "fill-and-close");
    }
    let number =
        |at: usize, default| arguments.get(at).map_or(default, |text| text.parse().expect("a number"));
    let (rounds, entries) = (number(0, 5), number(1, 100_000));
    let parent = arguments.get(2).map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = parent.join(format!("trimtab-bench-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder that may be written");
    lone(&folder, rounds);
    together(&folder, rounds);
    opening(&folder, entries, rounds);
    fs::remove_dir_all(&folder).expect("ours");
}

fn put(number: usize) -> Transaction {
    let (key, value) = (Key::new("site", &format!("site-{number:09}")), vec![b'x'; VALUE].into());
    Transaction::of([Operation::Put { key, part: Part::Spec, value, expect: Expect::Anything }])
}

fn runtime(threads: usize) -> Runtime {
    let mut builder = if threads > 0 { Builder::new_multi_thread() } else { Builder::new_current_thread() };
    builder.worker_threads(threads.max(1)).build().expect("a runtime")
}

/// Percentiles of all rounds, in microseconds.
fn print_latencies(case: &str, mut all: Vec<Duration>) -> f64 {
    all.sort();
    let at = |percent: usize| all[(all.len() - 1) * percent / 100].as_nanos() as f64 / 1000.0;
    println!(
        r#"{{"peer": "trimtab", "case": "{case}", "p50_us": {:.1}, "p99_us": {:.1}, "n": {}}}"#,
        at(50),
        at(99),
        all.len()
    );
    at(50)
}

/// A write of one value and a sync, into space that was zeroed ahead: the least that a durable commit can cost.
struct Raw {
    file: File,
    offset: u64,
}

impl Raw {
    const SPACE: usize = 8 << 20;

    fn new(folder: &Path) -> Self {
        let file = File::create(folder.join("raw")).expect("a file");
        file.write_all_at(&vec![0; Self::SPACE], 0).and_then(|()| file.sync_all()).expect("space");
        Self { file, offset: 0 }
    }

    fn commit(&mut self) {
        self.offset = (self.offset + VALUE as u64) % Self::SPACE as u64;
        self.file
            .write_all_at(&[b'x'; VALUE], self.offset)
            .and_then(|()| self.file.sync_data())
            .expect("a sync");
    }
}

/// One commit after another: bare, in place (a runtime of one thread), and through the async path (a task of several).
fn lone(folder: &Path, rounds: usize) {
    let (in_place, several) = (runtime(0), runtime(2));
    let first = in_place.block_on(async { Embedded::open(folder.join("in-place")).expect("a new store") });
    let second = several.block_on(async { Embedded::open(folder.join("async")).expect("a new store") });
    let seams = Seams::tokio();
    let mut raw = Raw::new(folder);
    let [mut bare, mut placed, mut tasks] = [const { Vec::new() }; 3];
    for _ in 0..rounds {
        for _ in 0..LONE {
            let start = seams.now();
            raw.commit();
            bare.push(seams.now() - start);
        }
        in_place.block_on(commits(first.clone(), seams.clone(), &mut placed));
        let (store, clock) = (second.clone(), seams.clone());
        let task = async move {
            let mut took = Vec::new();
            commits(store, clock, &mut took).await;
            took
        };
        tasks.extend(several.block_on(several.spawn(task)).expect("no panic"));
    }
    let bare = print_latencies("raw_write_and_fdatasync", bare);
    let placed = print_latencies("commit_in_place", placed);
    let tasks = print_latencies("commit_from_a_task", tasks);
    println!(
        r#"{{"peer": "trimtab", "case": "commit_over_raw", "in_place": {:.2}, "from_a_task": {:.2}}}"#,
        placed / bare,
        tasks / bare
    );
}

async fn commits(store: Embedded, seams: Seams, took: &mut Vec<Duration>) {
    for number in 0..LONE {
        let (transaction, start) = (put(number), seams.now());
        store.commit(transaction).await.expect("a sync");
        took.push(seams.now() - start);
    }
}

/// Sixty-four tasks, and one.
fn together(folder: &Path, rounds: usize) {
    let runtime = runtime(2);
    let store = runtime.block_on(async { Embedded::open(folder.join("together")).expect("a new store") });
    let (mut one, mut many) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        one.push(runtime.block_on(per_second(&store, 1)));
        many.push(runtime.block_on(per_second(&store, TOGETHER)));
    }
    let (one, many) = (median(one), median(many));
    println!(
        r#"{{"peer": "trimtab", "case": "commits_per_second", "writers_1": {one:.0}, "writers_64": {many:.0}, "ratio": {:.1}}}"#,
        many / one
    );
}

async fn per_second(store: &Embedded, writers: usize) -> f64 {
    let seams = Seams::tokio();
    let (ended, mut ends) = mpsc::channel::<()>(1);
    let start = seams.now();
    for writer in 0..writers {
        let (store, ended) = (store.clone(), ended.clone());
        seams.spawn("writer", async move {
            for number in 0..EACH {
                store.commit(put(writer * EACH + number)).await.expect("a sync");
            }
            drop(ended);
        });
    }
    drop(ended);
    _ = ends.recv().await;
    (writers * EACH) as f64 / (seams.now() - start).as_secs_f64()
}

/// Writes so many entries in commits of fifty, and ends as told: by closing, or as by kill -9.
fn fill(place: &Path, entries: usize, closes: bool) {
    runtime(2).block_on(async {
        let store = Embedded::open(place).expect("a new store");
        for first in (0..entries).step_by(50) {
            let operations = (first..entries.min(first + 50)).flat_map(|number| put(number).operations);
            store.commit(Transaction::of(operations)).await.expect("a sync");
        }
        if closes {
            store.close().await;
        }
    });
    if !closes {
        std::process::abort();
    }
}

/// Opens copies of a store that was killed and of one that was closed.
fn opening(folder: &Path, entries: usize, rounds: usize) {
    let stores = ["fill-and-die", "fill-and-close"].map(|role| {
        let place = folder.join(role);
        let program = std::env::current_exe().expect("this program");
        // The one that dies tells so by its exit code, which is as it should be.
        Command::new(program)
            .args([role.as_ref(), place.as_os_str(), entries.to_string().as_ref()])
            .status()
            .expect("runs");
        place
    });
    for cold in [false, true] {
        let mut took = [Vec::new(), Vec::new()];
        for _ in 0..rounds {
            for (place, took) in stores.iter().zip(&mut took) {
                let copy = folder.join("copy");
                copy_of(place, &copy);
                if cold && !forget_caches() {
                    return;
                }
                let seams = Seams::tokio();
                let start = seams.now();
                let store = runtime(0).block_on(async { Embedded::open(&copy).expect("whole") });
                took.push((seams.now() - start).as_secs_f64() * 1000.0);
                drop(store);
                fs::remove_dir_all(copy).expect("ours");
            }
        }
        let [died, closed] = took.map(median);
        let cache = if cold { "cold" } else { "warm" };
        println!(
            r#"{{"peer": "trimtab", "case": "open_{cache}", "after_kill_ms": {died:.1}, "after_close_ms": {closed:.1}, "ratio": {:.2}, "entries": {entries}}}"#,
            died / closed
        );
    }
}

fn copy_of(place: &Path, copy: &Path) {
    fs::create_dir_all(copy).expect("a folder");
    for file in ["log.redb", "entries.redb"] {
        fs::copy(place.join(file), copy.join(file)).expect("space");
        File::open(copy.join(file)).and_then(|file| file.sync_all()).expect("a sync");
    }
}

/// Lets the system forget what it has read. Only root may.
fn forget_caches() -> bool {
    fs::write("/proc/sys/vm/drop_caches", "3").is_ok()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
