//! Several replicas over one store: who is there, who runs what, and who is to be asked.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;
use trimtab_runtime::{Action, Controller, Manager, Placement, Replica, Roster, Source, reconcile_fn};
use trimtab_seams::Seams;
use trimtab_store::{Draft, Memory, Store};

use crate::stage::{Stage, within};

/// Nobody is to be called silent because the machine is busy.
const LONG: Duration = Duration::from_secs(60);

/// A replica that leads `sites` or stands by, runs its share of `pages`, and serves its API.
struct Peer {
    stage: Stage,
    stop: watch::Sender<bool>,
    ended: watch::Receiver<usize>,
}

impl Peer {
    async fn start(memory: &Memory, name: &str, ttl: Duration) -> Self {
        let store = Store::open(memory.clone()).await.unwrap();
        let seams = store.seams().clone();
        let controller = |kind: &str, placement: Placement| {
            let reconciler = reconcile_fn(async |_, _| Ok(Action::done()));
            let placement = placement.with_holder(name);
            Controller::new(&store, reconciler)
                .subscribe(Source::kind(kind))
                .named(kind)
                .with_placement(placement)
        };
        let manager = Manager::new()
            .without_owner_cascade()
            .add(controller("sites", Placement::leader("of-sites")))
            .add(controller("pages", Placement::sharded("of-pages")));
        let handle = manager.handle();
        let me = Replica {
            name: name.into(),
            version: "9.9.9".into(),
            started: seams.wall().into(),
            api: Some(format!("http://{name}.example:7420")),
        };
        let roster = Roster::new(&store, me, ttl).unwrap();
        let stage = Stage::over(store, &handle, |builder| builder.roster(&roster)).await;
        let (stop, stopped) = watch::channel(false);
        let (end, ended) = watch::channel(0);
        let stopped = move || {
            let mut stopped = stopped.clone();
            async move { drop(stopped.wait_for(|stopped| *stopped).await) }
        };
        let (on_roster, manager_stopped, end_of_roster) = (stopped(), stopped(), end.clone());
        seams.spawn("manager", async move {
            manager.run(manager_stopped).await.unwrap();
            end.send_modify(|ended| *ended += 1);
        });
        seams.spawn("roster", async move {
            roster.run(on_roster).await;
            end_of_roster.send_modify(|ended| *ended += 1);
        });
        Self { stage, stop, ended }
    }

    async fn get(&self, path: &str) -> Value {
        self.stage.get(path).await.json()
    }

    /// What it tells of the cluster, once it is so.
    async fn cluster(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        within(what, async {
            loop {
                let told = self.get("/v1/cluster").await;
                if is_so(&told) {
                    return told;
                }
                Seams::tokio().sleep(Duration::from_millis(5)).await;
            }
        })
        .await
    }

    async fn enqueue(&self, controller: &str, asked: &Value) -> crate::stage::Answer {
        self.stage.send("POST", &format!("/v1/controllers/{controller}/enqueue"), asked).await
    }

    async fn stop(mut self) {
        self.stop.send_replace(true);
        within("its end", self.ended.wait_for(|ended| *ended == 2)).await.unwrap();
    }
}

fn is_shared_by(many: usize) -> impl Fn(&Value) -> bool {
    move |told| {
        let pages = &told["shards"][0];
        pages["settled"] == true && pages["members"].as_array().unwrap().len() == many
    }
}

/// `a` leads `sites`, and both share `pages`.
async fn two() -> (Peer, Peer) {
    let memory = Memory::new();
    let a = Peer::start(&memory, "a", LONG).await;
    a.cluster("a leader", |told| told["leaders"][0]["replica"] == "a").await;
    let b = Peer::start(&memory, "b", LONG).await;
    for one in [&a, &b] {
        one.cluster("both share", is_shared_by(2)).await;
        one.cluster("both are there", |told| told["replicas"].as_array().unwrap().len() == 2).await;
    }
    b.cluster("the leader is known", |told| told["leaders"][0]["replica"] == "a").await;
    (a, b)
}

#[tokio::test]
async fn each_replica_tells_who_is_there_who_leads_and_who_runs_which_share() {
    let (a, b) = two().await;
    let (at_a, at_b) = (a.get("/v1/cluster").await, b.get("/v1/cluster").await);
    assert_eq!((&at_a["answered_by"], &at_b["answered_by"]), (&json!("a"), &json!("b")));
    let of = |told: &Value, n: usize| {
        let mut replica = told["replicas"][n].clone();
        assert_eq!(replica["version"], "9.9.9");
        let readiness = replica.as_object_mut().unwrap().remove("readiness");
        (replica, readiness)
    };
    for n in 0..2 {
        let ((one, here), (same, there)) = (of(&at_a, n), of(&at_b, n));
        assert_eq!(one, same);
        assert_eq!(one["state"], "alive");
        assert_eq!(one["api"], format!("http://{}.example:7420", one["name"].as_str().unwrap()));
        assert_ne!(here.is_some(), there.is_some(), "only the one that answers knows whether it is ready");
    }
    assert_eq!(at_b["replicas"][1]["readiness"], json!({"ready": true, "reasons": []}));

    assert_eq!(at_a["leaders"], at_b["leaders"]);
    assert_eq!(at_a["leaders"][0]["controller"], "sites");
    assert!(at_a["leaders"][0]["epoch"].as_u64() > Some(0));

    assert_eq!(at_a["shards"], at_b["shards"]);
    let pages = &at_a["shards"][0];
    assert_eq!((&pages["controller"], &pages["group"]), (&json!("pages"), &json!("of-pages")));
    let members = pages["members"].as_array().unwrap();
    assert_eq!(members.iter().map(|one| &one["replica"]).collect::<Vec<_>>(), ["a", "b"]);
    assert!(members.iter().all(|one| one["adopted"] == pages["version"] && one["epoch"].as_u64() > Some(0)));
    let whole: f64 = members.iter().map(|one| one["share"].as_f64().unwrap()).sum();
    assert!((whole - 1.0).abs() < 1e-9, "{whole}");

    let metrics = String::from_utf8(b.stage.get("/metrics").await.body).unwrap();
    assert!(
        metrics.contains("\ntrimtab_replicas{state=\"alive\"} 2\ntrimtab_replicas{state=\"silent\"} 0\n")
    );

    a.stop().await;
    let told = b.cluster("b leads", |told| told["leaders"][0]["replica"] == "b").await;
    assert_eq!(told["replicas"].as_array().unwrap().len(), 1, "off at once");
    b.stop().await;
}

#[tokio::test]
async fn one_that_stands_by_says_who_leads_and_queues_nothing() {
    let (a, b) = two().await;
    b.stage.store.commit(Draft::json("sites", "blog", &json!({})).apply()).await.unwrap();
    let leads = json!({"replica": "a", "api": "http://a.example:7420"});
    for asked in [json!({"names": ["blog", "docs"]}), json!({"selector": ""})] {
        let problem = b.enqueue("sites", &asked).await.problem(421, "misdirected");
        assert_eq!(problem["run_by"], leads);
        assert_eq!(
            problem["detail"],
            "controller `sites` is led by replica `a` at http://a.example:7420; this one, `b`, stands by; nothing was queued: ask the one that leads"
        );
        assert_eq!(a.enqueue("sites", &asked).await.status, 200);
    }
    let standing = b.get("/v1/controllers/sites").await;
    assert_eq!((&standing["placement"], &standing["run_by"]), (&json!("leader"), &leads));
    assert_eq!((&standing["standby"], &standing["runs"]["total"]), (&json!(true), &json!(0)));
    assert_eq!(a.get("/v1/controllers/sites").await["run_by"], Value::Null);
    let described = b.get("/v1/entries/sites/blog/description").await;
    assert_eq!(
        (&described["controllers"][0]["run_by"], &described["controllers"][0]["reasons"]),
        (&leads, &json!([]))
    );
    let described = a.get("/v1/entries/sites/blog/description").await;
    assert_eq!(described["controllers"][0]["run_by"], Value::Null);
    b.enqueue("sites", &json!({"names": [".."]})).await.problem(422, "invalid");
}

#[tokio::test]
async fn of_keys_that_are_shared_out_each_replica_queues_its_own_and_names_the_others() {
    let (a, b) = two().await;
    let name = |n: usize| format!("page-{n}");
    for n in 0..40 {
        a.stage.store.commit(Draft::json("pages", &name(n), &json!({})).apply()).await.unwrap();
    }
    b.stage.store.at_least(a.stage.store.position().unwrap()).await.unwrap();

    let (at_a, at_b) = (
        a.enqueue("pages", &json!({"selector": ""})).await.json(),
        b.enqueue("pages", &json!({"selector": ""})).await.json(),
    );
    let (of_a, of_b) = (at_a["enqueued"].as_u64().unwrap(), at_b["enqueued"].as_u64().unwrap());
    assert!(of_a + of_b == 40 && of_a > 5 && of_b > 5, "{at_a} {at_b}");
    assert_eq!(at_a["elsewhere"], json!([{"replica": "b", "api": "http://b.example:7420", "keys": of_b}]));

    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for name in (0..40).map(name) {
        let answer = a.enqueue("pages", &json!({"names": [name]})).await;
        if answer.status == 200 {
            ours.push(name);
        } else {
            let detail = format!(
                "pages/{name} is run by replica `b` at http://b.example:7420, not by this one, `a`; nothing was queued: ask each for its own"
            );
            assert_eq!(answer.problem(421, "misdirected")["detail"], detail);
            assert_eq!(b.enqueue("pages", &json!({"names": [name]})).await.status, 200);
            theirs.push(name);
        }
    }
    assert_eq!((ours.len() as u64, theirs.len() as u64), (of_a, of_b));
    let problem = a.enqueue("pages", &json!({"names": [ours[0], theirs[0]], "selector": ""})).await;
    let problem = problem.problem(421, "misdirected");
    assert_eq!(problem["run_by"]["replica"], "b");
    let start = format!(
        "1 of the 2 keys are run by other replicas than this one, `a`: pages/{} by replica `b`",
        theirs[0]
    );
    assert!(problem["detail"].as_str().unwrap().starts_with(&start), "{problem}");

    let share = a.get("/v1/controllers/pages").await["share"].as_f64().unwrap();
    assert!((0.3..0.7).contains(&share), "{share}");
    let described = a.get(&format!("/v1/entries/pages/{}/description", theirs[0])).await;
    assert_eq!(described["controllers"][0]["run_by"]["replica"], "b");
}

#[tokio::test]
async fn a_second_replica_of_one_name_is_not_ready_and_says_why() {
    let memory = Memory::new();
    // It is known once the other has been heard to beat.
    let ttl = Duration::from_secs(2);
    let first = Peer::start(&memory, "a", ttl).await;
    first.cluster("a leader", |told| told["leaders"][0]["replica"] == "a").await;
    let second = Peer::start(&memory, "a", ttl).await;
    let told = second.cluster("it is heard", |told| {
        let replicas = told["replicas"].as_array().unwrap().iter();
        replicas.map(|one| &one["readiness"]).any(|readiness| readiness["ready"] == false)
    });
    let told = told.await;
    assert_eq!(told["replicas"].as_array().unwrap().len(), 2);
    let ready = second.stage.get("/readyz").await;
    let reason = ready.json()["reasons"][0].as_str().unwrap().to_owned();
    assert!(ready.status == 503 && reason.starts_with("roster: another replica, started "), "{reason}");
    assert_eq!(first.stage.get("/readyz").await.status, 200);
    let problem = second.enqueue("sites", &json!({"names": ["x"]})).await.problem(421, "misdirected");
    assert_eq!(problem["run_by"], json!({"replica": "a"}), "which of the two cannot be told");
}

#[tokio::test]
async fn over_a_store_of_its_own_a_replica_is_alone() {
    let stage = Stage::with(|builder| builder.name("solo")).await;
    let told = stage.get("/v1/cluster").await.json();
    assert_eq!(told["answered_by"], "solo");
    let replica = &told["replicas"][0];
    assert_eq!(
        (&replica["name"], &replica["state"], &replica["readiness"]["ready"]),
        (&json!("solo"), &json!("alive"), &json!(true))
    );
    assert_eq!(replica["api"], stage.address);
    assert_eq!((&told["leaders"], &told["shards"]), (&json!([]), &json!([])));
    let metrics = String::from_utf8(stage.get("/metrics").await.body).unwrap();
    assert!(!metrics.contains("trimtab_replicas"));
}
