//! Workers that are right, and every way to be wrong.

use std::collections::BTreeMap;
use std::time::Duration;

use trimtab_backend::Key;
use trimtab_seams::Seams;

use super::Pool;
use crate::Program;
use crate::call::Asking;
use crate::process::{About, Groups, Stay};
use crate::protocol::{Answer, Output};

const SECOND: Duration = Duration::from_secs(1);

fn pool(script: &str, workers: usize) -> (Pool, Groups) {
    let environment = BTreeMap::from([("PATH".to_owned(), std::env::var_os("PATH").unwrap_or_default())]);
    let arguments = vec!["-c".to_owned(), script.to_owned()];
    let program = Program { path: "/bin/sh".into(), arguments, folder: std::env::temp_dir(), environment };
    let groups = Groups::default();
    (Pool::new(program, workers, &groups), groups)
}

async fn ask_within(pool: &Pool, time: Duration) -> Answer<Output> {
    let (seams, key) = (Seams::tokio(), Key::new("site", "blog"));
    let about = About { controller: "sites", kind: "site", key: Some(&key) };
    pool.ask(Asking { seams: &seams, about, input: b"{\"n\":1}\n".to_vec(), time, stay: None }).await
}

async fn ask(pool: &Pool) -> Answer<Output> {
    ask_within(pool, 60 * SECOND).await
}

fn failure(answer: Answer<Output>) -> String {
    match answer {
        Answer::Failed(words) => words,
        other => panic!("it should fail: {other:?}"),
    }
}

#[tokio::test]
async fn a_worker_lives_on_and_is_asked_again() {
    let (pool, _) =
        pool(r#"n=0; while read -r line; do n=$((n+1)); echo "{\"status\": {\"n\": $n}}"; done"#, 1);
    for n in 1..=20 {
        let Answer::Success(output) = ask(&pool).await else { panic!("success") };
        assert_eq!(output.status.unwrap()["n"], n, "the same process each time");
    }
}

#[tokio::test]
async fn there_are_never_more_processes_than_workers() {
    let folder = tempfile::tempdir().unwrap();
    let script = format!(
        "echo $$ >> {}/pids; while read -r line; do sleep 0.05; echo '{{}}'; done",
        folder.path().display()
    );
    let (pool, _) = pool(&script, 3);
    let asked: Vec<_> = (0..12).map(|_| ask(&pool)).collect();
    for one in futures_join(asked).await {
        assert!(matches!(one, Answer::Success(_)), "{one:?}");
    }
    let pids = std::fs::read_to_string(folder.path().join("pids")).unwrap();
    assert!((1..=3).contains(&pids.lines().count()), "{pids}");
}

/// All of them, side by side.
async fn futures_join<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut futures: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|cx| {
        let mut waits = false;
        for (future, done) in &mut futures {
            if done.is_none() {
                match future.as_mut().poll(cx) {
                    std::task::Poll::Ready(output) => *done = Some(output),
                    std::task::Poll::Pending => waits = true,
                }
            }
        }
        if waits { std::task::Poll::Pending } else { std::task::Poll::Ready(()) }
    })
    .await;
    futures.into_iter().filter_map(|(_, done)| done).collect()
}

#[tokio::test]
async fn a_worker_tells_how_it_went_on_its_line() {
    let script = r#"
read -r line; echo '{"outcome": "not_yet", "message": "the disk is being made", "requeue_after": "5s"}'
read -r line; echo '{"outcome": "terminal", "message": "port 0"}'
read -r line; echo '{"outcome": "failed", "message": "the disk is full"}'
read -r line; echo; read -r line"#;
    let (pool, _) = pool(script, 1);
    let Answer::NotYet { words, said, .. } = ask(&pool).await else { panic!("not yet") };
    assert_eq!(
        (words.as_str(), said.requeue_after),
        ("asked to be run again later: the disk is being made", Some(5 * SECOND))
    );
    assert!(
        matches!(ask(&pool).await, Answer::Terminal { words, .. } if words == "refused the entry: port 0")
    );
    assert_eq!(failure(ask(&pool).await), "failed: the disk is full");
    assert!(matches!(ask(&pool).await, Answer::Success(_)), "an empty line is success");
}

/// Each breaks the protocol in its own way, is ended for it, and the failure says what it did. The next question finds another worker.
#[tokio::test]
async fn a_worker_that_breaks_the_protocol_is_ended_and_told() {
    for (script, told) in [
        ("read -r line; echo 'no JSON'", "printed a line that must be nothing or one JSON document"),
        ("read -r line; echo '{\"finalised\": true}'", "unknown field `finalised`"),
        ("read -r line; echo 'the reason' >&2; exit 7", "ended without an answer (exit status: 7)"),
        ("read -r line; printf '{\"half'; exit 0", "ended in the middle of its line"),
        ("read -r line; printf '{}\\n{}\\n'; sleep 60", "printed more than one line for one question"),
        ("read -r line; exec >&-; sleep 60", "closed its standard output without an answer, and lives on"),
        (
            "read -r line; printf '{\"half'; exec >&-; sleep 60",
            "closed its standard output in the middle of its line",
        ),
        // Whom it leaves behind holds its standard output open.
        ("read -r line; sleep 60 & exit 4", "ended without an answer (exit status: 4)"),
        (
            "read -r line; head -c 2000000 /dev/zero | tr '\\0' x; sleep 60",
            "printed a line longer than 1 MiB",
        ),
    ] {
        let (pool, groups) = pool(script, 1);
        let words = failure(ask(&pool).await);
        assert!(words.starts_with("the worker ") && words.contains(told), "{script}: {words}");
        drop(pool);
        let seams = Seams::tokio();
        let deadline = seams.now() + 30 * SECOND;
        while !groups.are_gone() {
            assert!(seams.now() < deadline, "{script} lives on");
            seams.sleep(Duration::from_millis(10)).await;
        }
    }
}

#[tokio::test]
async fn half_a_line_and_a_sleep_end_with_the_deadline() {
    let (pool, _) = pool("read -r line; printf '{\"half'; sleep 600", 1);
    let words = failure(ask_within(&pool, Duration::from_millis(300)).await);
    assert!(words.starts_with("the worker took longer than 300ms and was ended"), "{words}");
}

#[tokio::test]
async fn one_that_never_reads_is_ended_with_the_deadline_however_long_the_question() {
    for (script, told) in
        [("sleep 600", "took longer than 300ms"), ("echo '{}'; sleep 600", "took longer than 300ms")]
    {
        let (pool, _) = pool(script, 1);
        let (seams, key) = (Seams::tokio(), Key::new("site", "blog"));
        let about = About { controller: "sites", kind: "site", key: Some(&key) };
        let (input, time) = (vec![b'x'; 4 << 20], Duration::from_millis(300));
        let words = failure(pool.ask(Asking { seams: &seams, about, input, time, stay: None }).await);
        assert!(words.contains(told), "{script}: {words}");
    }
}

/// What it says is read all the same, or it would stand still.
#[tokio::test]
async fn one_that_floods_its_standard_error_is_heard_to_its_answer() {
    let (pool, _) = pool("while read -r line; do seq 1 200000 >&2; echo '{}'; done", 1);
    for _ in 0..2 {
        assert!(matches!(ask(&pool).await, Answer::Success(_)));
    }
}

#[tokio::test]
async fn what_was_printed_without_being_asked_ends_the_worker_and_costs_no_run() {
    let folder = tempfile::tempdir().unwrap();
    let mark = folder.path().join("mark");
    let script = format!(
        "while read -r line; do echo '{{}}'; sleep 0.05; echo '{{}}'; touch {}; done",
        mark.display()
    );
    let (pool, _) = pool(&script, 1);
    assert!(matches!(ask(&pool).await, Answer::Success(_)));
    let seams = Seams::tokio();
    let deadline = seams.now() + 30 * SECOND;
    while !mark.exists() {
        assert!(seams.now() < deadline);
        seams.sleep(Duration::from_millis(10)).await;
    }
    assert!(matches!(ask(&pool).await, Answer::Success(_)), "another worker answers");
}

/// Story: while workers broke at one entry, others that waited for a worker in vain were counted as failing, with words about somebody else.
#[tokio::test]
async fn waiting_for_a_worker_in_vain_is_no_failure_of_the_entry() {
    let (pool, _) = pool("read -r line; sleep 60", 1);
    let (busy, waiting) = (ask_within(&pool, 4 * SECOND), ask_within(&pool, SECOND));
    let mut answers = futures_join(vec![busy, waiting]).await;
    let Some(Answer::NotYet { words, .. }) = answers.pop() else { panic!("{answers:?}") };
    assert_eq!(words, "no worker was free within 1s: all were at other entries; raise `workers`");
    let took = failure(answers.remove(0));
    assert!(took.starts_with("the worker took longer than 4s"), "{took}");
}

#[tokio::test]
async fn one_that_ended_while_it_waited_is_simply_replaced() {
    let (pool, _) = pool("read -r line; echo '{}'", 1);
    for _ in 0..5 {
        assert!(matches!(ask(&pool).await, Answer::Success(_)));
    }
}

/// Runs that waited for the restart, and ran out of time doing so, once pushed the restart further away each time: a program that had broken for a while was never started again.
#[tokio::test]
async fn runs_that_wait_for_the_restart_do_not_put_it_off() {
    let folder = tempfile::tempdir().unwrap();
    let mark = folder.path().join("mended");
    let script = format!("read -r line; [ -e {} ] || exit 1; echo '{{}}'", mark.display());
    let (pool, _) = pool(&script, 1);
    for _ in 0..3 {
        let _broken = ask(&pool).await;
    }
    std::fs::write(&mark, "").unwrap();
    // Four fifths of a second are to pass, in turns of a tenth.
    for turn in 0.. {
        assert!(turn < 300, "it is never started again");
        match ask_within(&pool, Duration::from_millis(100)).await {
            Answer::Success(_) => return,
            other => assert!(matches!(other, Answer::NotYet { .. }) || turn > 0, "{other:?}"),
        }
    }
}

/// guarantees Q-b, L-c, L-d
#[tokio::test]
async fn a_question_that_is_given_up_is_over_when_its_worker_is_gone_and_an_answered_one_at_once() {
    let (pool, groups) =
        pool("trap 'sleep 0.3; exit' TERM; read -r q; echo '{}'; read -r q; while :; do sleep 0.01; done", 1);
    let (seams, key) = (Seams::tokio(), Key::new("site", "blog"));
    let about = About { controller: "sites", kind: "site", key: Some(&key) };
    let asking = |stay| {
        let (input, time) = (b"{}\n".to_vec(), 60 * SECOND);
        pool.ask::<Output>(Asking { seams: &seams, about, input, time, stay: Some(stay) })
    };
    let (stay, over) = Stay::new();
    drop(asking(stay).await);
    over.await;
    assert!(!groups.are_gone(), "the worker lives on");

    let (stay, over) = Stay::new();
    tokio::select! {
        _ = asking(stay) => panic!("it never answers"),
        () = seams.sleep(Duration::from_millis(300)) => {}
    }
    let given_up = seams.now();
    over.await;
    assert!(groups.are_gone() && seams.now() - given_up >= Duration::from_millis(250));
}
