//! Real files and a real lack of space.

#![cfg(target_os = "linux")]

use std::env;
use std::path::Path;
use std::process::Command;

use trimtab_backend::{Backend, CommitError, Expect, Key, Operation, Part, Transaction, Why};
use trimtab_embedded::Embedded;
use trimtab_seams::Seams;

/// Set for the process that may write little: its directory.
const CHILD: &str = "TRIMTAB_TEST_FULL_CHILD";

fn put(number: u64) -> Transaction {
    let key = Key::new("site", &format!("{}", number % 4));
    let value = [number.to_string().into_bytes(), vec![b'\n'], vec![b'x'; 50_000]].concat().into();
    Transaction::of([Operation::Put { key, part: Part::Spec, value, expect: Expect::Anything }])
}

/// Commits until there is no space; gives how many went well.
async fn fill(store: &Embedded) -> u64 {
    for number in 1..1000 {
        match store.commit(put(number)).await {
            Ok(commit) => assert_eq!(commit.position().index.get(), number),
            Err(CommitError::Unavailable { why: Why::Full, retry_after: Some(_) }) => return number - 1,
            other => panic!("commit {number}: {other:?}"),
        }
    }
    panic!("50 MB found space")
}

async fn holds(store: &Embedded, commits: u64) {
    let (head, records) =
        store.read(&[0, 1, 2, 3].map(|n| Key::new("site", &n.to_string()))).await.expect("open");
    assert_eq!(head.index.get(), commits);
    let last = records.iter().map(|record| record.version).max().expect("some");
    assert_eq!(last, head.index);
}

/// fault F27
///
/// A limit on the size of files, as `ulimit -f` sets it: writing fails as on a full disk, for whatever user.
#[tokio::test]
async fn a_limit_on_the_size_of_files_is_a_full_disk() {
    if let Some(directory) = env::var_os(CHILD) {
        let store = Embedded::open(directory).expect("opens");
        let filled = fill(&store).await;
        holds(&store, filled).await;
        println!("\nfilled: {filled}");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let said = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 8192; exec \"$@\"", "sh"])
        .arg(env::current_exe().expect("this test"))
        .args(["--exact", "a_limit_on_the_size_of_files_is_a_full_disk", "--nocapture"])
        .env(CHILD, folder.path())
        .output()
        .expect("a shell");
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    let filled = text.lines().find_map(|line| line.strip_prefix("filled: ")?.parse::<u64>().ok());
    let filled = filled.unwrap_or_else(|| panic!("{text}{}", String::from_utf8_lossy(&said.stderr)));
    assert!(filled > 20, "only {filled} commits found space");

    let store = Embedded::open(folder.path()).expect("there is space here");
    holds(&store, filled).await;
    store.commit(put(filled + 1)).await.expect("and it goes on");
}

/// A small file system in memory, unmounted when dropped.
struct Small<'a>(&'a Path);

impl<'a> Small<'a> {
    fn mount(path: &'a Path, size: &str) -> Option<Self> {
        let options = format!("size={size}");
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "none"]).arg(path).output();
        mount.is_ok_and(|mount| mount.status.success()).then_some(Self(path))
    }

    fn remount(&self, option: &str) -> bool {
        let option = format!("remount,{option}");
        let mount = Command::new("mount").args(["-o", &option]).arg(self.0).output();
        mount.is_ok_and(|mount| mount.status.success())
    }
}

impl Drop for Small<'_> {
    fn drop(&mut self) {
        _ = Command::new("umount").args(["-l"]).arg(self.0).output();
    }
}

/// fault F27
#[tokio::test]
async fn a_full_file_system_refuses_until_there_is_space_and_a_read_only_one_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(small) = Small::mount(folder.path(), "12m") else {
        eprintln!("SKIPPED: this user may not mount a file system; run as root to test a full one");
        return;
    };
    let seams = Seams::tokio();
    let path = folder.path().join("data");
    let store = Embedded::open(&path).expect("a new store");
    let filled = fill(&store).await;
    holds(&store, filled).await;

    assert!(small.remount("size=40m"), "more space");
    let mut answer = store.commit(put(filled + 1)).await;
    while let Err(CommitError::Unavailable { why: Why::Full, retry_after: Some(after) }) = answer {
        seams.sleep(after).await;
        answer = store.commit(put(filled + 1)).await;
    }
    assert_eq!(
        answer.expect("space again").position().index.get(),
        filled + 1,
        "what was refused took no index"
    );
    store.close().await;

    assert!(small.remount("ro"), "read-only");
    let text = Embedded::open(&path).expect_err("read-only").to_string();
    assert!(text.contains("read-only file system") && text.contains("data"), "{text}");
    assert!(small.remount("rw"), "writable");
    let store = Embedded::open(&path).expect("the same store");
    holds(&store, filled + 1).await;
    store.close().await;
}
