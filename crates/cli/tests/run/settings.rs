//! That the settings of a controller's table reach its controller.

use serde_json::Value;

use super::stage::{Folder, SITES};

#[tokio::test]
async fn workers_run_scripts_side_by_side() {
    let both = "touch \"here-$TRIMTAB_NAME\"; while [ ! -e here-a ] || [ ! -e here-b ]; do sleep 0.02; done";
    let folder = Folder::of_sites(both, "workers = 2\n");
    folder.site("a");
    folder.site("b");
    folder.settle(&[]).await.with_code(0);
}

/// behaviour C18
#[tokio::test]
async fn resync_runs_an_entry_again_and_again() {
    let folder = Folder::of_sites("echo run >> runs", "resync = \"50ms\"\n");
    folder.site("blog");
    let daemon = folder.start(&[]);
    daemon.until("four runs", || folder.read("runs").lines().count() >= 4).await;
}

/// guarantee L-a
#[tokio::test]
async fn a_leader_tells_its_scripts_the_epoch_of_its_lease_and_the_next_one_has_a_higher_one() {
    let leader = format!("{SITES}placement = \"leader\"\n");
    let folder = Folder::new(&leader);
    folder.script("script", "cat > input");
    folder.site("blog");
    let epoch = || serde_json::from_str::<Value>(&folder.read("input")).unwrap()["epoch"].as_u64();
    folder.settle(&[]).await.with_code(0);
    let first = epoch();
    assert!(first.is_some());
    folder.settle(&[]).await.with_code(0);
    assert!(epoch() > first);
}

#[tokio::test]
async fn arguments_are_given_as_they_stand_and_no_shell_looks_at_them() {
    let table = "[[controller]]\nname = \"sites\"\nkind = \"site\"\nexec = [\"sh\", \"-c\", \"echo \\\"$0|$1\\\" > told\", \"$HOME\", \"a  b\"]\n";
    let folder = Folder::new(&format!("[store]\nurl = \"memory:\"\n{table}"));
    folder.site("blog");
    folder.settle(&[]).await.with_code(0);
    assert_eq!(folder.read("told"), "$HOME|a  b\n");
}
