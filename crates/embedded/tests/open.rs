//! Opening a directory: what survives a restart, and what each kind of refusal says.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use trimtab_backend::{
    Backend, Commit, CommitError, Expect, FeedItem, Index, Key, Operation, Part, Position, ResetReason,
    Scope, Transaction,
};
use trimtab_embedded::{Embedded, OpenError};

/// Set for a process of another user, or a second process: what it is to open.
const CHILD: &str = "TRIMTAB_TEST_OPEN_CHILD";

fn key(number: u64) -> Key {
    Key::new("site", &format!("site-{number}")).in_namespace("shop")
}

fn put(number: u64, value: impl Into<Vec<u8>>) -> Transaction {
    let value = value.into().into();
    Transaction::of([Operation::Put { key: key(number), part: Part::Spec, value, expect: Expect::Anything }])
}

fn refusal(path: impl Into<PathBuf>) -> OpenError {
    Embedded::open(path).expect_err("this must not open")
}

/// What another process hears that opens this path: "opened", or the error. `user` is the id of the user it runs as.
fn elsewhere(test: &str, path: &Path, user: Option<u32>) -> String {
    let mut child = Command::new(env::current_exe().expect("this test"));
    child.args(["--exact", test, "--nocapture", "--test-threads=1"]).env(CHILD, path);
    #[cfg(unix)]
    if let Some(user) = user {
        std::os::unix::process::CommandExt::uid(&mut child, user);
    }
    let said = child.output().expect("this test again");
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let line = said.lines().find_map(|line| line.split_once("heard: ").map(|(_, heard)| heard.to_owned()));
    line.unwrap_or_else(|| panic!("the other process said nothing: {said}"))
}

/// True in the other process: it has said what it heard.
fn is_elsewhere() -> bool {
    let Some(path) = env::var_os(CHILD) else { return false };
    let heard = Embedded::open(path).map_or_else(|error| error.to_string(), |_| "opened".into());
    println!("\nheard: {heard}");
    true
}

/// Whether rights do not bind this process.
#[cfg(unix)]
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    let file = tempfile::NamedTempFile::new().expect("a file");
    fs::metadata(file.path()).expect("a file").uid() == 0
}

/// guarantee S-a, guarantee S-b, contract I1
#[tokio::test]
async fn records_store_and_index_are_kept_over_restarts_and_following_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("deep/down/data");
    let store = Embedded::open(&path).expect("a new store");
    let first = store.commit(put(1, "one")).await.expect("a sync").position();
    let second = store.commit(put(2, "two")).await.expect("a sync").position();
    let before = store.read(&[key(1), key(2)]).await.expect("open");
    store.close().await;

    for closes in [true, false] {
        let store = Embedded::open(&path).expect("the same store");
        assert_eq!(store.read(&[key(1), key(2)]).await.expect("open"), before);
        let mut feed = store.follow(Scope::All, Some(first)).await.expect("open");
        let FeedItem::Batch { after, upto, changes } = feed.next().await.expect("kept") else {
            panic!("commit 2 follows")
        };
        assert_eq!((after, upto, changes.len()), (first.index, second, 1));
        if closes {
            store.close().await;
        }
    }
    let store = Embedded::open(&path).expect("the same store");
    let third = store.commit(put(3, "three")).await.expect("a sync").position();
    assert_eq!(third, Position { index: second.index.next(), ..second });
}

/// guarantee S-b, guarantee W-b, fault F17
#[tokio::test]
async fn a_position_older_than_the_kept_history_begins_anew_after_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let open = || Embedded::builder(folder.path()).history(0).open().expect("a store");
    let store = open();
    let first = store.commit(put(0, "0")).await.expect("a sync").position();
    let mut last = first;
    for number in 0..1005 {
        last = store.commit(put(number % 7, "again")).await.expect("a sync").position();
    }
    drop(store);
    let store = open();
    let mut feed = store.follow(Scope::All, Some(first)).await.expect("open");
    assert_eq!(feed.next().await.expect("open"), FeedItem::Reset { why: ResetReason::Compacted });
    let FeedItem::Chunk(records) = feed.next().await.expect("open") else { panic!("the records follow") };
    assert_eq!(records.len(), 7);
    assert_eq!(feed.next().await.expect("open"), FeedItem::Synced(last));
    let kept = Position { index: Index::new(last.index.get() - 1000), ..last };
    let mut feed = store.follow(Scope::All, Some(kept)).await.expect("open");
    assert!(
        matches!(feed.next().await.expect("open"), FeedItem::Batch { .. }),
        "a thousand commits are kept"
    );
}

/// behaviour E9, behaviour E3
#[tokio::test]
async fn limits_name_the_field_the_limit_and_the_size_before_anything_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Embedded::open(folder.path()).expect("a new store");
    let value = |bytes: usize| [b"{}\n".to_vec(), vec![b'x'; bytes]].concat();
    let too_large = store.commit(put(1, value(256 * 1024 + 1))).await;
    let Err(CommitError::Invalid(invalid)) = too_large else { panic!("{too_large:?}") };
    assert_eq!((invalid.field, invalid.limit, invalid.actual), ("spec", Some(262_144), Some(262_145)));
    let too_many = Transaction::of((0..61).flat_map(|number| put(number, "x").operations));
    let too_many = store.commit(too_many).await;
    let Err(CommitError::Invalid(invalid)) = too_many else { panic!("{too_many:?}") };
    assert_eq!((invalid.field, invalid.limit, invalid.actual), ("operations", Some(60), Some(61)));
    assert_eq!(store.read(&[]).await.expect("open").0.index, Index::ZERO);
    let largest = store.commit(put(1, value(256 * 1024))).await;
    assert!(matches!(largest, Ok(Commit::Committed(_))), "{largest:?}");
    store.close().await;

    let mut limits = store.limits();
    limits.spec_bytes = 300 * 1024;
    let store = Embedded::builder(folder.path()).limits(limits).open().expect("the same store");
    store.commit(put(1, value(256 * 1024 + 1))).await.expect("more was asked for");
}

#[tokio::test]
async fn a_path_that_is_a_file_or_lies_below_one_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("data");
    fs::write(&file, "a letter").expect("a file");
    for path in [file.clone(), file.join("deeper")] {
        let error = refusal(&path);
        let text = error.to_string();
        assert!(matches!(error, OpenError::NotADirectory { .. }), "{text}");
        assert!(text.contains(&*path.to_string_lossy()) && text.contains("name another path"), "{text}");
    }
    assert_eq!(fs::read_to_string(file).expect("still there"), "a letter");
}

#[tokio::test]
async fn a_second_handle_and_a_second_process_are_refused_until_the_first_closes() {
    if is_elsewhere() {
        return;
    }
    let test = "a_second_handle_and_a_second_process_are_refused_until_the_first_closes";
    let folder = tempfile::tempdir().expect("a folder");
    let store = Embedded::open(folder.path()).expect("a new store");
    store.commit(put(1, "one")).await.expect("a sync");

    let told = refusal(folder.path()).to_string();
    assert!(told.contains("in use by this very process"), "{told}");
    let heard = elsewhere(test, folder.path(), None);
    let holder = format!("in use by process {}", std::process::id());
    assert!(heard.contains(&holder) && heard.contains("a directory of its own"), "{heard}");
    store.commit(put(2, "two")).await.expect("undisturbed");

    store.close().await;
    assert_eq!(elsewhere(test, folder.path(), None), "opened");
    let store = Embedded::open(folder.path()).expect("let go of again");
    assert_eq!(store.read(&[]).await.expect("open").0.index, Index::new(2));
}

#[cfg(unix)]
#[tokio::test]
async fn a_read_only_directory_and_one_of_another_user_are_refused_and_the_owner_is_named() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    if is_elsewhere() {
        return;
    }
    let test = "a_read_only_directory_and_one_of_another_user_are_refused_and_the_owner_is_named";
    let folder = tempfile::tempdir().expect("a folder");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("ours");
    let path = folder.path().join("data");
    let store = Embedded::open(&path).expect("a new store");
    store.commit(put(1, "one")).await.expect("a sync");
    store.close().await;

    // Rights do not bind root, so root asks as a user that owns nothing.
    let user = is_root().then_some(65_534);
    let owner = fs::metadata(&path).expect("ours").uid();
    for mode in [0o555, 0o500, 0o000] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("ours");
        let heard = elsewhere(test, &path, user);
        let expected = format!("belongs to user {owner} and has mode {mode:04o}");
        // Within a directory that may not be entered it is the directory itself that is named.
        assert!(heard.contains("may not be written by this process"), "{mode:o}: {heard}");
        assert!(heard.contains(&expected) || heard.contains("lock"), "{mode:o}: {heard}");
        assert!(heard.contains("run as its owner"), "{mode:o}: {heard}");
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).expect("ours");
    let store = Embedded::open(&path).expect("the owner opens it");
    assert_eq!(store.read(&[]).await.expect("open").0.index, Index::new(1), "nothing was lost");
    assert_eq!(fs::metadata(&path).expect("ours").mode() & 0o777, 0o700, "for its owner alone");
}

#[tokio::test]
async fn a_corrupt_file_of_a_real_directory_is_named_and_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Embedded::open(folder.path()).expect("a new store");
    store.commit(put(1, "one")).await.expect("a sync");
    store.close().await;
    let file = folder.path().join("entries.redb");
    fs::write(&file, "not what it was").expect("ours");
    let text = refusal(folder.path()).to_string();
    assert!(text.contains("entries.redb") && text.contains("is corrupt"), "{text}");
    assert_eq!(fs::read_to_string(&file).expect("still there"), "not what it was");
}
