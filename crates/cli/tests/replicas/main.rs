//! The whole program, in three replicas on three servers, while one thing after another is killed, cut off and frozen.
//!
//! One controller runs where the leader is, another's keys are shared out. Both are judged by the same story: the store's history as a follower saw it, and a
//! journal to which every reconcile appends its beginning and its end. The checks are functions over what was recorded.
//!
//! What must hold is in GUARANTEES.md; how long nobody may act, in the documentation of placements. `cargo xtask replicas` runs it for longer.

mod api;
mod checks;
mod fault;
mod history;
mod journal;
mod load;
mod numbers;
mod record;
mod replica;
mod stage;
mod store;
mod story;
mod time;

use std::collections::BTreeMap;
use std::fs;

use parking_lot::Mutex;

use numbers::Numbers;
use record::Record;
use stage::{Acted, Stage, seconds};
use store::Which;
use time::Moment;

/// One at a time: each has six servers' worth of processes.
static ALONE: Mutex<()> = Mutex::new(());

/// contract L2, guarantees L-a, L-c, L-d, Q-b
#[test]
fn three_replicas_on_etcd_act_one_at_a_time_through_every_fault() {
    live_through(Which::Etcd);
}

/// contract L2, guarantees L-a, L-c, L-d, Q-b
#[test]
fn three_replicas_on_consul_act_one_at_a_time_through_every_fault() {
    live_through(Which::Consul);
}

fn live_through(which: Which) {
    let _alone = ALONE.lock();
    let numbers = Numbers::given();
    let begun = Moment::now();
    println!("{} with TRIMTAB_REPLICAS_SEED={}", which.name(), numbers.seed);
    let Some(mut stage) = Stage::set(which, &numbers) else { return };
    stage.declare();
    println!("  all as declared after {}", seconds(Moment::now(), begun));
    let planned = fault::plan(numbers.seed, numbers.load, numbers.ttl);
    let acted = stage.act(&numbers, &planned);
    stage.settle();
    let record = recorded(&mut stage, &numbers, acted);
    print!("{}", record.figures());
    println!("  {} altogether", seconds(Moment::now(), begun));
    let violations = record.violations();
    let folder = stage.setting.folder.clone();
    if violations.is_empty() {
        drop(stage);
        fs::remove_dir_all(folder).expect("a folder of ours");
        return;
    }
    let story = story::of(&violations, &record);
    fs::write(folder.join("story"), &story).expect("a folder of ours");
    panic!(
        "{} violations, with TRIMTAB_REPLICAS_SEED={}:\n{story}\nthe journal and the replicas' logs are in {}\nwrites failed by: {:#?}",
        violations.len(),
        numbers.seed,
        folder.display(),
        record.acted.writes.failures
    );
}

/// All that there is to judge by; no replica acts after it.
fn recorded(stage: &mut Stage, numbers: &Numbers, acted: Acted) -> Record {
    let running = stage.replicas.iter_mut().filter_map(|replica| replica.is_running().then_some(&*replica));
    let views: BTreeMap<_, _> =
        running.map(|replica| (replica.name, replica.view().unwrap_or_default())).collect();
    assert_eq!(
        views.len(),
        stage.replicas.len(),
        "all run in the end; see {}",
        stage.setting.folder.display()
    );
    stage.replicas.iter_mut().for_each(replica::Replica::kill);
    Record {
        history: stage.history.changes(),
        holes: stage.history.holes(),
        journal: journal::read(&stage.setting.journal()),
        acted,
        views,
        entries: stage.names.len(),
        ttl: numbers.ttl,
    }
}
