//! Every outcome of a commit, as a value (behaviour E3).

use trimtab_backend::{
    Check, CommitError, Expect, Index, Invalid, Key, Memory, Operation, Part, Transaction, Why,
};
use trimtab_seams::{Seams, virtual_time};
use trimtab_store::{Commit, Kind as _, Store, WriteError};

use crate::faulty::{Fault, Faulty};
use crate::{SECOND, Site, open, port, site};

async fn faulty(seams: &Seams) -> (Faulty, Store) {
    let backend = Faulty::new(Memory::with_seams(seams));
    let store = open(seams, backend.clone()).await;
    store.commit(site("a", 1).create()).await.expect("committed");
    (backend, store)
}

/// behaviour E3
#[test]
fn committed_carries_its_position_and_unchanged_sends_nothing() {
    virtual_time::run(1, async |seams| {
        let (backend, store) = faulty(&seams).await;
        let commit = store.commit(site("a", 2).apply()).await.expect("committed");
        assert!(commit.is_committed());
        assert_eq!(commit.position().index, Index::new(2));
        let sent = backend.commits();
        let again = store.commit(site("a", 2).apply()).await.expect("nothing to do");
        assert_eq!(again, Commit::Unchanged(commit.position()));
        assert_eq!(store.commit(None).await.expect("nothing to do"), Commit::Unchanged(commit.position()));
        assert_eq!(backend.commits(), sent);
    });
}

/// behaviour E3
#[test]
fn a_conflict_carries_what_is_there_whether_or_not_the_backend_says_it() {
    virtual_time::run(2, async |seams| {
        let (backend, store) = faulty(&seams).await;
        for tells in [true, false] {
            let stale = store.get::<Site>("a").expect("followed").expect("there");
            let port = if tells { 5 } else { 6 };
            store
                .commit([
                    stale.edit(|site| site.port = port),
                    stale.edit_status(|status| status.serving = !status.serving),
                ])
                .await
                .expect("committed");
            if !tells {
                backend.tell_nothing();
            }
            let error = store.commit(stale.edit(|site| site.port = 9)).await.expect_err("stale");
            let WriteError::Conflict(conflicts) = error else { panic!("{error}") };
            let [conflict] = conflicts.as_slice() else { panic!("{conflicts:?}") };
            assert_eq!((conflict.key.name(), conflict.expected), ("a", Expect::At(stale.version())));
            let found = conflict.found.as_ref().expect("there").typed::<Site>().expect("a site");
            assert_eq!((found.spec.port, found.status.serving), (port, tells), "both halves");
        }
        let stale = store.get::<Site>("a").expect("followed").expect("there");
        store.commit(stale.delete()).await.expect("deleted");
        let error = store.commit(stale.edit(|site| site.port = 9)).await.expect_err("gone");
        let WriteError::Conflict(conflicts) = &error else { panic!("{error}") };
        assert_eq!(conflicts[0].found, None);
    });
}

/// fault F6
#[test]
fn a_draft_is_applied_to_what_is_there_and_an_edit_is_a_conflict() {
    virtual_time::run(3, async |seams| {
        let (backend, store) = faulty(&seams).await;
        let other = open(&seams, Memory::with_seams(&seams)).await;
        other.commit(site("a", 50).create()).await.expect("elsewhere");
        let value =
            other.entry(&Key::new("site", "a")).expect("followed").expect("there").spec_record().value;
        let overtake = |expect| {
            let put =
                Operation::Put { key: Key::new("site", "a"), part: Part::Spec, value: value.clone(), expect };
            Fault::Overtaken(Transaction::of([put]))
        };
        backend.next_commits([overtake(Expect::Anything), overtake(Expect::Anything)]);
        store.commit(site("a", 3).apply()).await.expect("applied to what was found");
        assert_eq!(port(&store, "a"), Some(3));

        let read = store.get::<Site>("a").expect("followed").expect("there");
        backend.next_commits([overtake(Expect::Anything)]);
        let error = store
            .commit([read.edit(|site| site.port = 4), site("b", 1).apply()])
            .await
            .expect_err("overtaken");
        assert!(matches!(error, WriteError::Conflict(_)), "{error}");
        let error = store.commit(site("a", 4).create()).await.expect_err("it is there");
        assert!(
            error.to_string().starts_with("conflict: site/a was expected to be absent, but is there at"),
            "{error}"
        );

        // Somebody who is always quicker: in the end that is the author's to know.
        backend.next_commits((0..100).map(|_| overtake(Expect::Anything)));
        let sent = backend.commits();
        let error = store.commit(site("a", 8).apply()).await.expect_err("always overtaken");
        assert!(matches!(error, WriteError::Conflict(_)), "{error}");
        assert_eq!(backend.commits() - sent, 5);
    });
}

/// fault F8, guarantee R-b
#[test]
fn a_lost_answer_is_found_out_by_the_door() {
    virtual_time::run(4, async |seams| {
        let (backend, store) = faulty(&seams).await;
        backend.next_commits([Fault::LostAnswer]);
        backend.leave_unresolved(3);
        let start = seams.now();
        let commit = store.commit(site("a", 2).apply()).await.expect("it has happened");
        assert_eq!(commit.position().index, Index::new(2));
        assert_eq!((backend.resolves(), backend.commits()), (4, 2), "asked again, and never sent again");
        assert!(seams.now() - start > std::time::Duration::from_millis(20), "with backoff");
    });
}

/// fault F1, guarantee R-b
#[test]
fn a_lost_request_is_certainly_not_applied() {
    virtual_time::run(5, async |seams| {
        let (backend, store) = faulty(&seams).await;
        backend.next_commits([Fault::LostRequest]);
        let error = store.commit(site("a", 2).apply()).await.expect_err("lost");
        assert!(matches!(error, WriteError::Unavailable { .. }), "{error}");
        assert_eq!((port(&store, "a"), backend.commits()), (Some(1), 2));
    });
}

/// fault F20, guarantee R-b
#[test]
fn an_outcome_that_stays_open_for_ten_seconds_is_the_authors_to_know() {
    virtual_time::run(6, async |seams| {
        let (backend, store) = faulty(&seams).await;
        backend.next_commits([Fault::LostAnswer]);
        backend.leave_unresolved(usize::MAX);
        let start = seams.now();
        let error = store.commit(site("a", 2).apply()).await.expect_err("open");
        assert!(matches!(error, WriteError::Unknown(_)), "{error}");
        assert_eq!(seams.now() - start, 10 * SECOND);
        assert!((5..50).contains(&backend.resolves()), "{}", backend.resolves());
    });
}

/// Health says that writes are refused until one is taken, and no write that the store never judged counts as that.
#[test]
fn a_store_that_refuses_writes_is_not_called_well_for_a_write_that_nobody_could_take() {
    virtual_time::run(40, async |seams| {
        let (backend, store) = faulty(&seams).await;
        let full = || CommitError::Unavailable { why: Why::Full, retry_after: None };
        backend.next_commits([Fault::Refused(full())]);
        store.commit(site("a", 2).apply()).await.expect_err("refused");
        assert!(store.health().refusing.is_some());
        let invalid = CommitError::Invalid(Invalid::new("transaction", "is too large"));
        let denied = CommitError::Denied { what: "a right is missing".into() };
        for error in [invalid, denied] {
            backend.next_commits([Fault::Refused(error)]);
            store.commit(site("a", 3).apply()).await.expect_err("refused");
            assert!(store.health().refusing.is_some(), "it was not taken");
        }
        store.commit(site("a", 4).apply()).await.expect("committed");
        assert_eq!(store.health().refusing, None);
    });
}

/// A store without space takes deletes, and that does not make it well; a store that was away is well as soon as it tells anything.
#[test]
fn what_ends_a_refusal_is_what_was_in_the_way() {
    virtual_time::run(41, async |seams| {
        let (backend, store) = faulty(&seams).await;
        let unavailable = |why| CommitError::Unavailable { why, retry_after: None };
        backend.next_commits([Fault::Refused(unavailable(Why::Full))]);
        store.commit(site("b", 2).apply()).await.expect_err("refused");
        let entry = store.entry(&Key::new("site", "a")).unwrap().expect("an entry");
        store.commit(entry.delete()).await.expect("committed");
        assert!(store.health().refusing.is_some(), "a delete needs no space");
        store.commit(site("b", 3).apply()).await.expect("committed");
        assert_eq!(store.health().refusing, None);

        backend.next_commits([Fault::Refused(unavailable(Why::Unreachable))]);
        store.commit(site("b", 4).apply()).await.expect_err("refused");
        assert!(store.health().refusing.is_some());
        seams.sleep(2 * SECOND).await;
        let other = open(&seams, backend.memory()).await;
        other.commit(site("c", 1).create()).await.expect("committed");
        seams.sleep(SECOND).await;
        assert_eq!(store.health().refusing, None);
    });
}

/// behaviour E3
#[test]
fn what_the_backend_refuses_is_told_by_what_to_do_next() {
    virtual_time::run(7, async |seams| {
        let (backend, store) = faulty(&seams).await;
        let why = Why::Full;
        backend.next_commits([
            Fault::Refused(CommitError::Unavailable { why, retry_after: Some(SECOND) }),
            Fault::Refused(CommitError::Denied { what: "write on e/site/".into() }),
            Fault::Refused(CommitError::Broken { what: "log.redb: a sync failed".into() }),
            Fault::Refused(CommitError::Invalid(Invalid::new("name", "is odd"))),
        ]);
        let mut errors = Vec::new();
        for _ in 0..4 {
            errors.push(store.commit(site("a", 2).apply()).await.expect_err("refused"));
        }
        assert!(matches!(&errors[0], WriteError::Unavailable { why: Why::Full, retry_after: Some(_) }));
        assert!(matches!(&errors[1], WriteError::Denied { what } if what == "write on e/site/"));
        assert!(matches!(&errors[2], WriteError::Broken { .. }));
        assert!(matches!(&errors[3], WriteError::Invalid(_)));
        let sent = backend.commits();
        let error =
            store.commit(site("no/../kind", 1).in_namespace("UPPER").apply()).await.expect_err("invalid");
        assert!(matches!(&error, WriteError::Invalid(Invalid { field: "namespace", .. })), "{error}");
        assert_eq!(backend.commits(), sent, "what is invalid is not sent");
    });
}

/// guarantee L-a
#[test]
fn a_fence_that_does_not_hold_is_told_before_any_conflict() {
    virtual_time::run(8, async |seams| {
        let (backend, store) = faulty(&seams).await;
        let lease = Key::new("trimtab.lease", "leader");
        let fence = |version: u64| Check {
            key: lease.clone(),
            part: Part::Spec,
            expect: Expect::At(Index::new(version)),
        };
        let put = Operation::Put {
            key: lease.clone(),
            part: Part::Spec,
            value: "{}\n{}".into(),
            expect: Expect::Absent,
        };
        let epoch = backend.memory();
        let held = trimtab_backend::Backend::commit(&epoch, Transaction::of([put]))
            .await
            .expect("acquired")
            .position()
            .index;

        let door = store.door();
        let stale = store.get::<Site>("a").expect("followed").expect("there");
        door.commit(site("a", 2).apply(), &store.view(), &[fence(held.get())])
            .await
            .expect("the fence holds");
        let view = store
            .at_least(store.head().await.expect("there"))
            .await
            .expect("it comes")
            .from_tenancy(stale.tenancy());
        let conflict =
            door.commit(stale.edit(|s| s.port = 7), &view, &[fence(held.get())]).await.expect_err("stale");
        assert!(matches!(conflict, WriteError::Conflict(_)), "{conflict}");
        let fenced = door.commit(stale.edit(|s| s.port = 7), &view, &[fence(1)]).await.expect_err("deposed");
        assert!(matches!(fenced, WriteError::Fenced), "{fenced}");
        let fenced = door.commit(site("b", 1).create(), &view, &[fence(1)]).await.expect_err("deposed");
        assert!(matches!(fenced, WriteError::Fenced), "{fenced}");
        assert_eq!(port(&store, "b"), None);
    });
}

/// What the door sends may hold sixty units beside its fences.
/// behaviour E9
#[test]
fn fences_do_not_count_against_the_limit_of_operations() {
    virtual_time::run(9, async |seams| {
        let (_, store) = faulty(&seams).await;
        let lease = Key::new("trimtab.lease", "leader");
        let fence = Check { key: lease, part: Part::Spec, expect: Expect::Absent };
        let sites = |count: u16| (0..count).map(|n| site(&format!("s{n}"), n).create()).collect::<Vec<_>>();
        let error = store
            .door()
            .commit(sites(61), &store.view(), std::slice::from_ref(&fence))
            .await
            .expect_err("61");
        assert!(
            matches!(&error, WriteError::Invalid(Invalid { limit: Some(60), actual: Some(61), .. })),
            "{error}"
        );
        store.door().commit(sites(60), &store.view(), &[fence]).await.expect("60 and a fence");
    });
}

/// behaviour C8
#[test]
fn a_spec_that_its_kind_refuses_is_invalid_and_nothing_is_sent() {
    virtual_time::run(10, async |seams| {
        let (backend, store) = faulty(&seams).await;
        let sent = backend.commits();
        let error = store
            .commit(Site { port: 1, certificates: Vec::new() }.named("").apply())
            .await
            .expect_err("no name");
        assert!(matches!(error, WriteError::Invalid(_)), "{error}");
        assert_eq!(backend.commits(), sent);
    });
}
