//! A map that is a real process, in a controller that runs over an in-memory store.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::oneshot;
use trimtab_backend::Key;
use trimtab_runtime::{ControllerHandle, RunError};
use trimtab_store::{Draft, Memory, Store};

use crate::{Carrier, Follow, Groups, Polyglot, Program, Settings, Watch, schema};

const SECOND: Duration = Duration::from_secs(1);

/// Sites, whose runs are noted in the file `ran`, and certificates, mapped by a script.
struct Stage {
    store: Store,
    folder: TempDir,
    handle: ControllerHandle,
    groups: Groups,
    stop: oneshot::Sender<()>,
    ended: oneshot::Receiver<Result<(), RunError>>,
}

impl Stage {
    /// The script finds its question in the file `$Q`.
    async fn start(map: &str) -> Self {
        Self::over(Store::open(Memory::new()).await.unwrap(), map)
    }

    fn over(store: Store, map: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let script = |text: String| {
            Carrier::Exec(Program {
                path: "/bin/sh".into(),
                arguments: vec!["-c".into(), text],
                folder: folder.path().to_owned(),
                environment: BTreeMap::from([("PATH".into(), std::env::var_os("PATH").unwrap_or_default())]),
            })
        };
        let map = script(format!("Q=asked.$$; cat > $Q.new; mv $Q.new $Q; {map}"));
        let settings = Settings {
            name: "sites".into(),
            kind: "site".into(),
            carrier: script("echo \"$TRIMTAB_NAMESPACE/$TRIMTAB_NAME\" >> ran".into()),
            workers: 1,
            timeout: 30 * SECOND,
            backoff: (SECOND, 60 * SECOND),
            finalizer: false,
            watches: vec![Watch {
                kind: "certificate".into(),
                follow: Follow::Map { carrier: map, timeout: SECOND },
            }],
        };
        let groups = Groups::default();
        let controller = Polyglot::new(settings, &groups).unwrap().controller(&store);
        let handle = controller.handle();
        let (stop, stopped) = oneshot::channel::<()>();
        let (done, ended) = oneshot::channel();
        store.seams().clone().spawn("controller under test", async move {
            drop(done.send(controller.run(async move { drop(stopped.await) }).await));
        });
        Self { store, folder, handle, groups, stop, ended }
    }

    async fn put(&self, name: &str, spec: Value) {
        self.store.commit(Draft::json("certificate", name, &spec).apply()).await.unwrap();
    }

    async fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        for _ in 0..1000 {
            if holds(self) {
                return;
            }
            self.store.seams().sleep(10 * Duration::from_millis(1)).await;
        }
        panic!("not in time: {what}; {:#?}", self.handle.status());
    }

    async fn settled(&self) {
        self.until("settled", |stage| stage.handle.is_settled()).await;
    }

    /// What was asked, each question once.
    fn take_asked(&self) -> Vec<Value> {
        let files = std::fs::read_dir(self.folder.path()).unwrap().map(|file| file.unwrap().path());
        let asked = files.filter(|path| path.file_stem().is_some_and(|stem| stem == "asked"));
        let read = |path: std::path::PathBuf| {
            let text = std::fs::read_to_string(&path).unwrap();
            std::fs::remove_file(path).unwrap();
            assert_eq!(text.matches('\n').count(), 1, "one line: {text:?}");
            serde_json::from_str(&text).unwrap()
        };
        asked.map(read).collect()
    }

    fn take_ran(&self) -> Vec<String> {
        let path = self.folder.path().join("ran");
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        _ = std::fs::remove_file(path);
        let mut ran: Vec<_> = text.lines().map(str::to_owned).collect();
        ran.sort();
        ran
    }

    /// What could not be mapped, and why.
    fn unmapped(&self) -> Vec<(String, String)> {
        let sources = self.handle.status().sources;
        sources
            .into_iter()
            .flat_map(|source| source.unmapped)
            .map(|(key, why)| (key.to_string(), why))
            .collect()
    }

    async fn failing(&self) -> String {
        self.until("unmapped", |stage| !stage.unmapped().is_empty()).await;
        let [(key, why)] = self.unmapped().try_into().expect("one entry");
        assert_eq!(key, "certificate/c");
        why
    }

    async fn stop(self) {
        drop(self.stop);
        self.ended.await.unwrap().unwrap();
        for _ in 0..1000 {
            if self.groups.are_gone() {
                return;
            }
            self.store.seams().sleep(Duration::from_millis(10)).await;
        }
        panic!("a process is left");
    }
}

/// behaviours C6, C7
#[tokio::test]
async fn a_map_is_given_entries_before_and_after_and_whom_it_names_is_run() {
    let stage = Stage::start(
        r#"case $(cat $Q) in *'"new":null'*) ;; *)
            echo '{"requests": [{"name": "blog"}, {"name": "shop", "namespace": "other"}, {"name": "blog"}]}' ;;
        esac"#,
    )
    .await;
    stage.put("c", json!({"days": 30})).await;
    stage.until("run", |stage| stage.folder.path().join("ran").exists()).await;
    stage.settled().await;
    assert_eq!(stage.take_ran(), ["default/blog", "other/shop"]);
    let [created] = stage.take_asked().try_into().unwrap();
    let schema = jsonschema::validator_for(&schema::map_input()).unwrap();
    let wrong: Vec<_> = schema.iter_errors(&created).map(|error| error.to_string()).collect();
    assert_eq!(wrong, Vec::<String>::new(), "{created}");
    assert_eq!((&created["controller"], &created["kind"]), (&json!("sites"), &json!("certificate")));
    assert_eq!(created["changes"][0]["old"], Value::Null);

    stage.put("c", json!({"days": 29})).await;
    stage.settled().await;
    let [changed] = stage.take_asked().try_into().unwrap();
    assert_eq!(changed["changes"][0]["old"]["spec"]["days"], 30);
    assert_eq!(changed["changes"][0]["new"]["spec"]["days"], 29);
    assert_eq!(stage.take_ran(), ["default/blog", "other/shop"]);

    let entry = stage.store.entry(&Key::new("certificate", "c")).unwrap().unwrap();
    stage.store.commit(entry.delete()).await.unwrap();
    stage.settled().await;
    let [gone] = stage.take_asked().try_into().unwrap();
    assert_eq!(
        (&gone["changes"][0]["old"]["spec"]["days"], &gone["changes"][0]["new"]),
        (&json!(29), &Value::Null)
    );
    assert!(schema.is_valid(&gone), "{gone}");
    assert_eq!(stage.take_ran(), Vec::<String>::new(), "it named nobody");
    stage.stop().await;
}

/// behaviour C19
#[tokio::test]
async fn what_is_there_at_start_is_asked_about_a_hundred_at_a_time_before_anything_runs() {
    let store = Store::open(Memory::new()).await.unwrap();
    store.commit(Draft::json("site", "own", &json!({})).apply()).await.unwrap();
    for number in 0..250 {
        store.commit(Draft::json("certificate", &format!("c{number}"), &json!({})).apply()).await.unwrap();
    }
    let stage =
        Stage::over(store, r#"[ ! -e ran ] || echo early >> ran; echo '{"requests": [{"name": "woken"}]}'"#);
    stage.settled().await;
    assert_eq!(stage.take_ran(), ["default/own", "default/woken"]);
    let mut sizes: Vec<_> =
        stage.take_asked().iter().map(|asked| asked["changes"].as_array().unwrap().len()).collect();
    sizes.sort_unstable();
    assert_eq!(sizes.iter().sum::<usize>(), 250);
    assert!(sizes.len() <= 4 && sizes.last() == Some(&100), "{sizes:?}");
    stage.stop().await;
}

#[tokio::test]
async fn questions_that_would_be_too_long_are_parted() {
    let store = Store::open(Memory::new()).await.unwrap();
    for number in 0..50 {
        let spec = json!({"text": "x".repeat(200 << 10)});
        store.commit(Draft::json("certificate", &format!("c{number}"), &spec).apply()).await.unwrap();
    }
    let stage = Stage::over(store, r#"echo '{"requests": [{"name": "woken"}]}'"#);
    stage.settled().await;
    let sizes: Vec<_> =
        stage.take_asked().iter().map(|asked| asked["changes"].as_array().unwrap().len()).collect();
    assert_eq!(sizes.iter().sum::<usize>(), 50);
    assert!(sizes.len() >= 3 && sizes.iter().all(|&size| size <= 20), "{sizes:?}");
    assert_eq!(stage.handle.metrics().map_failures, 0);
    stage.stop().await;
}

/// behaviour C8
#[tokio::test]
async fn whatever_is_wrong_with_an_answer_is_told_with_the_key_and_retried() {
    for (map, words) in [
        ("echo 'no database' >&2; exit 3", "ended with exit code 3: no database"),
        ("echo '{'", "standard output must be nothing or one JSON document"),
        (
            "echo '{\"request\": []}'",
            "standard output is not an answer of protocol 1: unknown field `request`",
        ),
        ("echo '{\"requests\": [{\"name\": \"a\"}, {\"name\": \"..\"}]}'", "requests[1]: "),
        ("echo '{\"requests\": [{\"name\": \"a\", \"namespace\": \"No\"}]}'", "requests[0]: "),
        ("sleep 60", "took longer than 1s and was ended"),
        ("head -c 2000000 /dev/zero", "printed more than 1 MiB"),
        ("kill -9 $$", "was ended by signal 9"),
    ] {
        let stage = Stage::start(&format!(
            "[ ! -e broken ] || {{ {map}; exit; }}; echo '{{\"requests\": [{{\"name\": \"blog\"}}]}}'"
        ))
        .await;
        stage.settled().await;
        std::fs::write(stage.folder.path().join("broken"), "").unwrap();
        stage.put("c", json!({})).await;
        let why = stage.failing().await;
        assert!(why.contains(words), "{map}: {why}");
        assert!(!stage.handle.is_settled());
        assert_eq!(stage.take_ran(), Vec::<String>::new());
        std::fs::remove_file(stage.folder.path().join("broken")).unwrap();
        stage.settled().await;
        assert_eq!(stage.take_ran(), ["default/blog"], "{map}");
        assert_eq!(stage.unmapped(), []);
        assert!(stage.handle.metrics().map_failures >= 1);
        stage.stop().await;
    }
}

#[tokio::test]
async fn exit_75_is_no_failure_and_exit_65_leaves_the_entry_until_it_changes() {
    let stage = Stage::start(
        r#"case $(cat $Q) in
            *'"days":1'*) echo 'no such authority' >&2; exit 65 ;;
            *) [ -e ready ] || { echo 'starting' >&2; exit 75; } ;;
        esac; echo '{"requests": [{"name": "blog"}]}'"#,
    )
    .await;
    stage.put("c", json!({"days": 2})).await;
    let why = stage.failing().await;
    assert!(why.contains("asked to be run again later (exit code 75): starting"), "{why}");
    std::fs::write(stage.folder.path().join("ready"), "").unwrap();
    stage.settled().await;
    assert_eq!(stage.take_ran(), ["default/blog"]);
    assert_eq!(stage.handle.metrics().map_failures, 0);

    stage.put("c", json!({"days": 1})).await;
    assert!(stage.failing().await.contains("refused the entry (exit code 65): no such authority"));
    stage.settled().await;
    assert_eq!(stage.take_ran(), Vec::<String>::new());
    stage.put("c", json!({"days": 3})).await;
    stage.settled().await;
    assert_eq!(stage.take_ran(), ["default/blog"]);
    assert_eq!(stage.unmapped(), []);
    stage.stop().await;
}

/// behaviour C14
#[tokio::test]
async fn a_shutdown_ends_a_map_that_hangs_with_all_that_it_started() {
    let stage = Stage::start("trap '' TERM; sleep 600 & sleep 600").await;
    stage.put("c", json!({})).await;
    stage.until("asked", |stage| !stage.groups.are_gone()).await;
    stage.stop().await;
}
