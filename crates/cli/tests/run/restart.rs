//! kill -9 at work, and what the next start makes of it.

use rustix::process::Signal;

use super::stage::Folder;

/// fault F1, F2, F3; guarantee R-c
#[tokio::test]
async fn what_was_cut_short_by_kill_9_is_finished_by_the_next_start() {
    for moment in ["certificate/example: created", "site/shop: created", "wrote out/"] {
        let folder = Folder::of_example("sites");
        let daemon = folder.start(&[]);
        daemon.logs(moment).await;
        daemon.signal(Signal::KILL);
        assert_eq!(daemon.ended().await.code, None);
        folder.settle(&[]).await.with_code(0);
        for file in ["out/blog.conf", "out/docs.conf", "out/shop.conf"] {
            assert!(folder.has(file), "{file}, killed at {moment:?}");
        }
    }
}

#[tokio::test]
async fn a_daemon_that_is_killed_while_it_opens_leaves_a_store_that_opens() {
    let folder = Folder::of_example("sites");
    for _ in 0..5 {
        let daemon = folder.start(&[]);
        daemon.until("the directory", || folder.has("data/lock")).await;
        daemon.signal(Signal::KILL);
        daemon.ended().await;
    }
    folder.settle(&[]).await.with_code(0);
}

/// behaviour E8
#[tokio::test]
async fn entries_survive_kill_9() {
    let folder = Folder::of_example("sites");
    let daemon = folder.start(&[]);
    daemon.says("sites  ready  3 entries  3 reconciled  0 failing").await;
    daemon.signal(Signal::KILL);
    daemon.ended().await;
    let ended = folder.settle(&[]).await.with_code(0);
    assert!(ended.out.starts_with("trimtab 0.1.0  store embedded ./data  index 11\n"), "{}", ended.out);
    assert!(!ended.err.contains("created from"), "{}", ended.err);
}
