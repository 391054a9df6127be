//! Who belongs to a group, and what each sees of it.

use std::time::Duration;

use trimtab_backend::{Backend as _, Part};
use trimtab_runtime::{Manager, Placement, Source, Whereabouts};
use trimtab_store::Key;

use super::replica::{Replica, jobs};
use super::{BOUND, Spans, job, world};
use crate::world::{MS, SECOND};

/// guarantee L-d
#[test]
fn a_lone_member_owns_everything_and_runs_it() {
    world(1, async |w| {
        w.put_jobs(0..50, 1).await;
        let spans = Spans::default();
        let a = Replica::join(&w, "a", &spans, Duration::ZERO).await;
        w.all_done_within(SECOND).await;
        let status = a.status();
        let shard = status.shard.clone().expect("a member");
        assert!(status.ready && !status.standby);
        assert_eq!((shard.group.as_str(), shard.members.len(), shard.settled), ("jobs", 1, true));
        assert_eq!((shard.members[0].holder.as_str(), shard.members[0].adopted), ("a", shard.version));
        assert_eq!(status.epoch, shard.version, "what its commits are conditional on");
        assert!((shard.share - 1.0).abs() < f64::EPSILON);
        assert_eq!(spans.all().len(), 50, "each once");
        a.stop().await;
    });
}

#[test]
fn each_member_knows_which_of_them_runs_a_key() {
    world(8, async |w| {
        let spans = Spans::default();
        let a = Replica::join(&w, "a", &spans, Duration::ZERO).await;
        assert_eq!(a.running.handle.whereabouts(&job(1)), Whereabouts::NotHere, "it has not joined");
        let b = Replica::join(&w, "b", &spans, Duration::ZERO).await;
        w.sleep(SECOND).await;
        let mut of_a = 0;
        for key in (0..50).map(job) {
            match a.running.handle.whereabouts(&key) {
                Whereabouts::Here => {
                    assert_eq!(b.running.handle.whereabouts(&key), Whereabouts::With("a".into()));
                    of_a += 1;
                }
                elsewhere => {
                    assert_eq!(elsewhere, Whereabouts::With("b".into()));
                    assert_eq!(b.running.handle.whereabouts(&key), Whereabouts::Here);
                }
            }
        }
        assert!((10..40).contains(&of_a), "{of_a}");
        a.stop().await;
        b.stop().await;
    });
}

/// guarantee L-d
#[test]
fn members_that_stop_leave_nothing_behind_but_an_empty_map() {
    world(2, async |w| {
        let spans = Spans::default();
        let a = Replica::join(&w, "a", &spans, Duration::ZERO).await;
        let b = Replica::join(&w, "b", &spans, Duration::ZERO).await;
        w.sleep(SECOND).await;
        let leases: Vec<_> =
            a.shard().members.iter().map(|member| Key::new("trimtab.lease", &member.name)).collect();
        assert_eq!(leases.len(), 2);
        assert_eq!(w.backend.read(&leases).await.expect("there").1.len(), 2);
        a.stop().await;
        w.sleep(MS).await;
        assert_eq!(b.shard().members.len(), 1);
        b.stop().await;
        assert!(
            w.backend.read(&leases).await.expect("there").1.is_empty(),
            "the leases went with their places"
        );
        let (_, map) = w.backend.read(&[Key::new("trimtab.group", "jobs")]).await.expect("there");
        let map = map.iter().find(|record| record.part == Part::Spec).expect("a map");
        assert!(map.value.ends_with(b"\n{\"members\":[]}"));
    });
}

/// guarantee L-d
#[test]
fn a_member_whose_run_was_dropped_leaves_too() {
    world(3, async |w| {
        w.put_jobs(0..20, 1).await;
        let spans = Spans::default();
        let a = Replica::join(&w, "a", &spans, Duration::ZERO).await;
        let manager = Manager::new().add(jobs(&w.store, "b", &spans, Duration::ZERO));
        let seams = w.seams.clone();
        {
            let mut run = std::pin::pin!(manager.run(std::future::pending()));
            let mut time = std::pin::pin!(seams.sleep(SECOND));
            std::future::poll_fn(|cx| {
                assert!(run.as_mut().poll(cx).is_pending());
                time.as_mut().poll(cx)
            })
            .await;
            assert_eq!(a.shard().members.len(), 2);
        }
        w.sleep(SECOND).await;
        assert_eq!(a.shard().members.len(), 1, "it said good-bye");
        a.stop().await;
    });
}

/// guarantee L-d
#[test]
fn a_group_whose_map_cannot_be_read_says_so_and_is_joined_when_it_is_gone() {
    world(4, async |w| {
        use trimtab_backend::{Expect, Operation, Transaction};
        let key = Key::new("trimtab.group", "jobs");
        let put = Operation::Put {
            key: key.clone(),
            part: Part::Spec,
            value: "mine!".into(),
            expect: Expect::Absent,
        };
        w.backend.commit(Transaction::of([put])).await.expect("memory commits");
        w.put_jobs(0..5, 1).await;
        let spans = Spans::default();
        let a = Replica::join(&w, "a", &spans, Duration::ZERO).await;
        w.sleep(BOUND).await;
        let status = a.status();
        assert!(!status.ready && status.standby, "{:?}", status.reasons);
        assert!(
            status.reasons[0].starts_with("the map of group `jobs` cannot be read"),
            "{:?}",
            status.reasons
        );
        let delete = Operation::Delete { key, expect: Expect::Anything };
        w.backend.commit(Transaction::of([delete])).await.expect("memory commits");
        w.all_done_within(BOUND).await;
        assert!(a.status().ready);
        a.stop().await;
    });
}

/// guarantee L-d
#[test]
fn a_group_that_somebody_deletes_is_made_anew_by_its_members() {
    world(7, async |w| {
        use trimtab_backend::{Expect, Operation, Transaction};
        w.put_jobs(0..20, 1).await;
        let spans = Spans::default();
        let a = Replica::join(&w, "a", &spans, Duration::ZERO).await;
        let b = Replica::join(&w, "b", &spans, Duration::ZERO).await;
        w.all_done_within(SECOND).await;
        let delete = Operation::Delete { key: Key::new("trimtab.group", "jobs"), expect: Expect::Anything };
        w.backend.commit(Transaction::of([delete])).await.expect("memory commits");
        w.sleep(SECOND).await;
        assert_eq!((a.shard().members.len(), b.shard().settled), (2, true));
        w.put_jobs(0..20, 2).await;
        w.all_done_within(SECOND).await;
        a.stop().await;
        b.stop().await;
    });
}

/// A replica that crashes again and again before its TTL has passed leaves a member each time, and all of their lives end at once.
///
/// guarantee L-d
#[test]
fn members_that_died_in_any_number_are_taken_out_by_transactions_that_a_server_takes() {
    world(9, async |w| {
        use trimtab_backend::{Expect, Operation, Transaction};
        w.put_jobs(0..20, 1).await;
        let spans = Spans::default();
        let dead: Vec<_> = (0..100)
            .map(|n| format!("{{\"lease\":\"jobs.{n:016x}\",\"holder\":\"a\",\"epoch\":{n}}}"))
            .collect();
        let header = r#"{"f":1,"uid":"018f3c3a-0000-7000-8000-000000000001","generation":1,"created_at":"2026-01-01T00:00:00Z"}"#;
        let put = Operation::Put {
            key: Key::new("trimtab.group", "jobs"),
            part: Part::Spec,
            value: format!("{header}\n{{\"members\":[{}]}}", dead.join(",")).into(),
            expect: Expect::Absent,
        };
        w.backend.commit(Transaction::of([put])).await.expect("memory commits");
        let a = Replica::join(&w, "a", &spans, Duration::ZERO).await;
        w.all_done_within(BOUND).await;
        assert_eq!((a.shard().members.len(), a.shard().settled), (1, true), "{:?}", a.status().reasons);
        a.stop().await;
    });
}

#[test]
fn controllers_of_a_manager_are_one_member_and_its_cascade_is_shared_out_too() {
    world(5, async |w| {
        w.put_jobs(0..20, 1).await;
        let spans = Spans::default();
        let other = trimtab_runtime::reconcile_fn(async |_, _| Ok(trimtab_runtime::Action::done()));
        let other =
            trimtab_runtime::Controller::new(&w.store, other).named("other").subscribe(Source::kind("site"));
        let jobs = jobs(&w.store, "a", &spans, Duration::ZERO);
        let manager = Manager::new().add(jobs).add(other).with_placement(Placement::sharded("jobs"));
        let handle = manager.handle();
        let (seams, looking) = (w.seams.clone(), handle.clone());
        let watched = async move {
            seams.sleep(SECOND).await;
            assert!(looking.readiness().ready && looking.is_settled());
            assert_eq!(looking.shards().len(), 1);
            let members = looking.controllers().into_iter().map(|controller| controller.status().shard);
            let members: Vec<_> = members.map(|shard| shard.expect("a member").member).collect();
            assert!(members.iter().all(|member| *member == members[0]), "{members:?}");
            assert_eq!(members.len(), 3);
        };
        manager.run(watched).await.expect("stopped");
        assert_eq!(spans.all().len(), 20);
    });
}

#[test]
fn a_group_without_a_name_is_refused_before_anything_starts() {
    world(6, async |w| {
        let spans = Spans::default();
        let controller = jobs(&w.store, "a", &spans, Duration::ZERO).with_placement(Placement::sharded(""));
        let error = controller.check().expect_err("no name");
        assert_eq!((error.setting, error.problem.as_str()), ("with_placement", "the group has no name"));
    });
}
