//! Data of earlier versions.

use std::fs;
use std::path::Path;

use trimtab_backend::{Backend, Expect, FeedItem, Index, Key, Operation, Part, Position, Scope, Transaction};
use trimtab_embedded::Embedded;

/// Set to a folder to have the newest format written into it, for `tests/fixtures/format-<n>`.
const WRITE: &str = "TRIMTAB_WRITE_FIXTURE";

fn operations(commit: u64) -> Vec<Operation> {
    let key = Key::new("site", &format!("site-{}", commit % 3)).in_namespace("shop");
    let put = |part, value: String| Operation::Put {
        key: key.clone(),
        part,
        value: value.into(),
        expect: Expect::Anything,
    };
    match commit {
        5 => vec![Operation::Delete { key, expect: Expect::Anything }],
        _ => vec![
            put(Part::Spec, format!("{{\"f\":1}}\n{{\"commit\":{commit}}}")),
            put(Part::Status, format!("{{\"f\":1}}\n{{\"seen\":{commit}}}")),
        ],
    }
}

async fn write(folder: &Path) {
    let store = Embedded::open(folder).expect("a new store");
    for commit in 1..=4 {
        store.commit(Transaction::of(operations(commit))).await.expect("a sync");
    }
    store.close().await;
    // Two commits lie in the log alone.
    let store = Embedded::open(folder).expect("the same store");
    for commit in 5..=6 {
        store.commit(Transaction::of(operations(commit))).await.expect("a sync");
    }
}

/// guarantee S-c
#[tokio::test]
async fn data_of_format_1_still_opens() {
    if let Some(folder) = std::env::var_os(WRITE) {
        write(Path::new(&folder)).await;
    }
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/format-1");
    let folder = tempfile::tempdir().expect("a folder");
    for file in ["log.redb", "entries.redb"] {
        fs::copy(fixture.join(file), folder.path().join(file)).expect("the fixture");
    }
    let store = Embedded::open(folder.path()).expect("format 1 is read");
    let keys: Vec<_> = (0..3).map(|n| Key::new("site", &format!("site-{n}")).in_namespace("shop")).collect();
    let (head, records) = store.read(&keys).await.expect("open");
    assert_eq!(head.to_string().split_once('-').expect("a position").1, "6");
    let found: Vec<_> = records
        .iter()
        .map(|record| (record.key.name(), record.part, record.created.get(), record.version.get()))
        .collect();
    let expected = [
        ("site-0", Part::Spec, 3, 6),
        ("site-0", Part::Status, 3, 6),
        ("site-1", Part::Spec, 1, 4),
        ("site-1", Part::Status, 1, 4),
    ];
    assert_eq!(found, expected);
    assert_eq!(records[0].value, "{\"f\":1}\n{\"commit\":6}");

    let mut feed =
        store.follow(Scope::All, Some(Position { index: Index::ZERO, ..head })).await.expect("open");
    for commit in 1..=6 {
        let FeedItem::Batch { upto, changes, .. } = feed.next().await.expect("kept") else {
            panic!("commit {commit}")
        };
        assert_eq!((upto.index.get(), changes.len()), (commit, operations(commit).len()));
    }
    store.commit(Transaction::of(operations(7))).await.expect("and it goes on");
}
