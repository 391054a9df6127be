//! The outcome table of scripts, the finalizer, children and references, each with a real process and an in-memory store.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use trimtab_backend::{Index, Key};
use trimtab_runtime::{Action, Context, Error, Reaction, Reconciler as _, Result};
use trimtab_store::{Draft, Entry, Memory, Store};

use crate::{Carrier, Follow, Groups, Polyglot, Program, Settings, Watch};

const SECOND: Duration = Duration::from_secs(1);
const ALL: &str = r#"{"status": {"seen": true}, "apply": [{"kind": "note", "name": "applied", "spec": {}}],
    "delete": [{"kind": "note", "name": "old"}], "finalized": true}"#;

/// A store, a controller of kind `site`, and a script.
struct Stage {
    store: Store,
    exec: Polyglot,
    folder: TempDir,
}

impl Stage {
    async fn new(script: &str) -> Self {
        Self::with(script, |_| {}).await
    }

    async fn with(script: &str, change: impl FnOnce(&mut Settings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let environment = BTreeMap::from([("PATH".to_owned(), std::env::var_os("PATH").unwrap_or_default())]);
        let mut settings = Settings {
            name: "sites".into(),
            kind: "site".into(),
            carrier: Carrier::Exec(Program {
                path: "/bin/sh".into(),
                arguments: vec!["-c".into(), script.into()],
                folder: folder.path().to_owned(),
                environment,
            }),
            workers: 1,
            timeout: 30 * SECOND,
            backoff: (SECOND, 60 * SECOND),
            finalizer: false,
            watches: Vec::new(),
        };
        change(&mut settings);
        let exec = Polyglot::new(settings, &Groups::default()).unwrap();
        let store = Store::open(Memory::new()).await.unwrap();
        Self { store, exec, folder }
    }

    async fn put(&self, kind: &str, name: &str, spec: Value) {
        self.store.commit(Draft::json(kind, name, &spec).apply()).await.unwrap();
    }

    fn entry(&self, kind: &str, name: &str) -> Option<Entry> {
        self.store.entry(&Key::new(kind, name)).unwrap()
    }

    fn blog(&self) -> Entry {
        self.entry("site", "blog").unwrap()
    }

    fn index(&self) -> Index {
        self.store.snapshot().index()
    }

    /// One run for site/blog, and the view at its last write.
    async fn run(&self) -> Result<Action> {
        let request = Key::new("site", "blog");
        let ctx = Context::builder(&self.store, &request).build();
        let result = self.exec.reconcile(&ctx, request).await;
        let head = self.store.head().await.unwrap();
        self.store.at_least(head).await.unwrap();
        result
    }

    /// What the script left in a file.
    fn left(&self, file: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(file)).unwrap()
    }
}

fn watch(kind: &str, follow: Follow) -> Watch {
    Watch { kind: kind.into(), follow }
}

fn answering(code: u8, answer: &str) -> String {
    format!("echo 'the last words' >&2; echo '{answer}'; exit {code}")
}

/// A site to run for, and a note that every answer asks to delete.
async fn answered(code: u8, answer: &str) -> (Stage, Result<Action>) {
    let stage = Stage::new(&answering(code, answer)).await;
    stage.put("site", "blog", json!({})).await;
    stage.put("note", "old", json!({})).await;
    let result = stage.run().await;
    (stage, result)
}

fn failed(result: Result<Action>) -> (Reaction, String) {
    let error: Error = result.unwrap_err();
    (error.reaction(), error.to_string())
}

#[tokio::test]
async fn exit_0_does_all_that_the_answer_asks_for() {
    let (stage, result) = answered(0, ALL).await;
    assert_eq!(result.ok(), Some(Action::done()));
    assert_eq!(stage.blog().status_value().unwrap(), json!({"seen": true}));
    assert!(stage.entry("note", "applied").is_some() && stage.entry("note", "old").is_none());
}

#[tokio::test]
async fn exit_0_runs_again_when_the_answer_asks_for_that() {
    let (_, result) = answered(0, r#"{"requeue_after": "90s"}"#).await;
    assert_eq!(result.ok(), Some(Action::requeue_after(90 * SECOND)));
}

/// behaviour C11
#[tokio::test]
async fn exit_65_writes_the_status_alone_and_is_not_tried_again() {
    let (stage, result) = answered(65, ALL).await;
    let words = "refused the entry (exit code 65): the last words".to_owned();
    assert_eq!(failed(result), (Reaction::Terminal, words));
    assert_eq!(stage.blog().status_value().unwrap(), json!({"seen": true}));
    assert!(stage.entry("note", "applied").is_none() && stage.entry("note", "old").is_some());
}

#[tokio::test]
async fn exit_75_writes_the_status_alone_and_waits_longer_each_time_without_being_a_failure() {
    let (stage, result) = answered(75, ALL).await;
    assert_eq!(failed(result).0, Reaction::RequeueAfter(SECOND));
    assert_eq!(failed(stage.run().await).0, Reaction::RequeueAfter(2 * SECOND));
    assert_eq!(stage.blog().status_value().unwrap(), json!({"seen": true}));
    assert!(stage.entry("note", "applied").is_none() && stage.entry("note", "old").is_some());
    let said = stage.exec.not_yet().all();
    assert_eq!(said[0].1, "asked to be run again later (exit code 75): the last words");
}

#[tokio::test]
async fn exit_75_may_say_itself_when_to_come_back() {
    let (_, result) = answered(75, r#"{"requeue_after": "7s"}"#).await;
    assert_eq!(failed(result).0, Reaction::RequeueAfter(7 * SECOND));
}

#[tokio::test]
async fn any_other_exit_writes_nothing_and_is_tried_again() {
    let (stage, result) = answered(3, ALL).await;
    let words = "ended with exit code 3: the last words".to_owned();
    assert_eq!(failed(result), (Reaction::Retry, words));
    assert_eq!(stage.blog().status_json(), None);
    assert!(stage.entry("note", "applied").is_none() && stage.entry("note", "old").is_some());
}

#[tokio::test]
async fn an_answer_that_is_none_is_a_failure_whatever_the_exit_code() {
    for code in [0, 65, 75] {
        let (_, result) = answered(code, "done!").await;
        let (reaction, words) = failed(result);
        assert_eq!(reaction, Reaction::Retry, "{code}");
        assert!(words.contains("nothing or one JSON document") && words.contains("done!"), "{code}: {words}");
    }
    let (_, result) = answered(0, r#"{"statsu": {}}"#).await;
    assert!(failed(result).1.contains("unknown field `statsu`"));
}

/// behaviour C13
#[tokio::test]
async fn a_script_past_its_time_is_a_failure_that_names_the_setting() {
    let stage = Stage::with("sleep 600", |table| table.timeout = SECOND / 5).await;
    stage.put("site", "blog", json!({})).await;
    let (reaction, words) = failed(stage.run().await);
    assert_eq!(reaction, Reaction::Retry);
    assert_eq!(words, "took longer than 200ms and was ended; raise `timeout`, or do less in one run");
}

/// guarantee R-d
#[tokio::test]
async fn an_answer_that_changes_nothing_writes_nothing() {
    let answer = r#"{"status": {"conditions": [{"type": "Ready", "status": "True", "reason": "Written"}]},
        "apply": [{"kind": "note", "name": "applied", "spec": {"a": 1}}]}"#;
    let (stage, first) = answered(0, answer).await;
    let index = stage.index();
    assert!(first.is_ok() && stage.run().await.is_ok());
    assert_eq!(stage.index(), index);
}

/// behaviour E9
#[tokio::test]
async fn an_answer_with_too_many_writes_is_terminal_and_names_the_limit() {
    let notes: Vec<Value> =
        (0..60).map(|n| json!({"kind": "note", "name": n.to_string(), "spec": {}})).collect();
    let stage = Stage::new(&answering(0, &json!({ "apply": notes }).to_string())).await;
    stage.put("site", "blog", json!({})).await;
    let (reaction, words) = failed(stage.run().await);
    assert_eq!(reaction, Reaction::Terminal);
    assert!(words.contains("(61, the limit is 60)"), "{words}");
    assert!(stage.entry("note", "0").is_none(), "all or nothing");
}

/// behaviour C21; fault F25
#[tokio::test]
async fn an_entry_that_goes_while_its_script_runs_is_not_written_and_runs_again() {
    let script = format!("touch started; while [ ! -e go ]; do sleep 0.02; done; echo '{ALL}'");
    let stage = Stage::new(&script).await;
    stage.put("site", "blog", json!({})).await;
    let meanwhile = async {
        while !stage.folder.path().join("started").exists() {
            stage.store.seams().sleep(SECOND / 100).await;
        }
        stage.store.commit(stage.blog().delete()).await.unwrap();
        std::fs::write(stage.folder.path().join("go"), "").unwrap();
    };
    let (result, ()) = tokio::join!(stage.run(), meanwhile);
    assert_eq!(failed(result).0, Reaction::Reread);
    assert!(stage.entry("note", "applied").is_none());
}

#[tokio::test]
async fn an_entry_that_is_gone_has_no_status_and_no_children_but_other_writes_are_done() {
    let (stage, _) = answered(0, ALL).await;
    stage.store.commit(stage.blog().delete()).await.unwrap();
    stage.store.commit(stage.entry("note", "applied").unwrap().delete()).await.unwrap();
    assert!(stage.run().await.is_ok());
    assert!(stage.entry("note", "applied").is_some() && stage.entry("site", "blog").is_none());

    let owned =
        Stage::with(&answering(0, ALL), |table| table.watches = vec![watch("note", Follow::Owner)]).await;
    let (reaction, words) = failed(owned.run().await);
    assert_eq!(
        (reaction, words.as_str()),
        (Reaction::Retry, "apply[0]: note/applied would be owned by site/blog, which is gone")
    );
}

/// behaviour E7; guarantee R-g
#[tokio::test]
async fn the_finalizer_is_there_before_the_script_first_runs_and_goes_when_it_has_cleaned_up() {
    let script = "cat > input; echo ran >> runs; case $(cat input) in *'\"deleting\":true'*)
        [ ! -e clean ] || echo '{\"finalized\": true}';; *) echo '{\"finalized\": true}';; esac";
    let stage = Stage::with(script, |table| table.finalizer = true).await;
    stage.put("site", "blog", json!({})).await;

    assert!(stage.run().await.is_ok());
    assert_eq!(stage.blog().finalizers(), ["trimtab/sites"]);
    assert!(!stage.folder.path().join("runs").exists(), "held first; that change runs the key again");
    assert!(stage.run().await.is_ok());
    assert_eq!(stage.left("runs"), "ran\n");
    assert_eq!(stage.blog().finalizers(), ["trimtab/sites"], "`finalized` means nothing before the delete");

    stage.store.commit(stage.blog().delete()).await.unwrap();
    assert!(stage.blog().is_deleting());
    assert!(stage.run().await.is_ok());
    assert!(stage.blog().is_deleting(), "exit 0 without `finalized` means waiting");
    std::fs::write(stage.folder.path().join("clean"), "").unwrap();
    assert!(stage.run().await.is_ok());
    assert!(stage.entry("site", "blog").is_none());
}

#[tokio::test]
async fn a_delete_that_others_hold_does_not_run_the_script_again_after_its_own_clean_up() {
    let stage =
        Stage::with("echo ran >> runs; echo '{\"finalized\": true}'", |table| table.finalizer = true).await;
    stage.put("site", "blog", json!({})).await;
    stage.store.commit(stage.blog().add_finalizer("other/holder")).await.unwrap();
    assert!(stage.run().await.is_ok());
    stage.store.commit(stage.blog().delete()).await.unwrap();
    assert!(stage.run().await.is_ok());
    assert_eq!(stage.blog().finalizers(), ["other/holder"]);
    assert!(stage.run().await.is_ok());
    assert_eq!(stage.left("runs"), "ran\n");
}

#[tokio::test]
async fn a_finalizer_that_the_file_no_longer_asks_for_is_taken_off() {
    let stage = Stage::new("exit 0").await;
    stage.put("site", "blog", json!({})).await;
    stage.store.commit(stage.blog().add_finalizer("trimtab/sites")).await.unwrap();
    assert!(stage.run().await.is_ok());
    assert!(stage.blog().finalizers().is_empty());
}

#[tokio::test]
async fn children_are_owned_listed_and_pruned_exactly() {
    let script = "cat > input; cat answer";
    let stage = Stage::with(script, |table| table.watches = vec![watch("listing", Follow::Owner)]).await;
    let answer =
        |answer: Value| std::fs::write(stage.folder.path().join("answer"), answer.to_string()).unwrap();
    let listing = |name: &str| json!({"kind": "listing", "name": name, "spec": {}});
    stage.put("site", "blog", json!({})).await;
    stage.put("listing", "stranger", json!({})).await;

    answer(json!({"apply": [listing("a"), listing("b")]}));
    assert!(stage.run().await.is_ok());
    assert!(stage.entry("listing", "a").unwrap().is_owned_by(&stage.blog()));

    answer(json!({"apply": [listing("b"), listing("c")], "exactly": ["listing"]}));
    assert!(stage.run().await.is_ok());
    let input: Value = serde_json::from_str(&stage.left("input")).unwrap();
    let told: Vec<_> = input["children"].as_array().unwrap().iter().map(|child| &child["name"]).collect();
    assert_eq!(told, ["a", "b"]);
    assert!(stage.entry("listing", "a").is_none(), "it was not applied");
    assert!(stage.entry("listing", "c").is_some() && stage.entry("listing", "stranger").is_some());

    answer(json!({"exactly": ["site"]}));
    let (_, words) = failed(stage.run().await);
    assert_eq!(
        words,
        "exactly: `site` is no kind that is watched with `owner = true`; here those are listing"
    );
}

#[tokio::test]
async fn an_answer_that_contradicts_itself_is_a_failure_that_names_the_entry() {
    let note = json!({"kind": "note", "name": "old", "spec": {}});
    for (answer, words) in [
        (json!({"apply": [note, note]}), "apply[1]: note/old is applied twice"),
        (
            json!({"apply": [note], "delete": [{"kind": "note", "name": "old"}]}),
            "delete[0]: note/old is applied too; do one of them",
        ),
        (
            json!({"apply": [{"kind": "note", "name": "x", "spec": {}, "status": {}}]}),
            "apply[0]: note/x: status cannot be given: it is written by controllers; leave it out",
        ),
    ] {
        let (_, result) = answered(0, &answer.to_string()).await;
        assert_eq!(failed(result), (Reaction::Retry, words.to_owned()));
    }
}

#[tokio::test]
async fn each_reference_is_given_once_whole_or_by_name_or_as_absent() {
    let references = |pointer: &str, include| Follow::References { pointer: pointer.into(), include };
    let stage = Stage::with("cat > input", |table| {
        table.watches = vec![
            watch("certificate", references("/spec/certificates/*/name", true)),
            watch("certificate", references("/spec/fallback", true)),
            watch("region", references("/spec/region", false)),
        ];
    })
    .await;
    stage.put("certificate", "a", json!({"serial": 1})).await;
    stage.put("region", "north", json!({"large": true})).await;
    let certificates = json!([{"name": "a"}, {"name": "absent"}, {"name": "a"}, {"name": 7}]);
    let spec = json!({"certificates": certificates, "fallback": "a", "region": "north"});
    stage.put("site", "blog", spec).await;
    assert!(stage.run().await.is_ok());
    let input: Value = serde_json::from_str(&stage.left("input")).unwrap();
    let told = input["references"].as_array().unwrap();
    let names: Vec<_> = told.iter().map(|reference| (&reference["kind"], &reference["name"])).collect();
    assert_eq!(json!(names), json!([["certificate", "a"], ["certificate", "absent"], ["region", "north"]]));
    assert_eq!(told[0]["entry"]["spec"], json!({"serial": 1}));
    assert_eq!(told[1].get("entry"), Some(&Value::Null));
    assert_eq!(told[2].get("entry"), None, "names only");
}

#[tokio::test]
async fn what_a_run_is_about_stands_in_its_environment_and_its_input() {
    let script = "cat > input; echo \"$TRIMTAB_CONTROLLER $TRIMTAB_KIND $TRIMTAB_NAME $TRIMTAB_NAMESPACE $TRIMTAB_PARTITION\" > told";
    let stage = Stage::with(script, |table| table.timeout = 12 * SECOND).await;
    stage.put("site", "blog", json!({})).await;
    assert!(stage.run().await.is_ok());
    assert_eq!(stage.left("told"), "sites site blog default default\n");
    let input: Value = serde_json::from_str(&stage.left("input")).unwrap();
    assert_eq!(
        (&input["deadline_ms"], &input["attempt"], &input["epoch"]),
        (&json!(12_000), &json!(1), &Value::Null)
    );
}
