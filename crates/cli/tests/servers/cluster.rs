//! Three replicas on one store: who is there, who runs what, and who is to be asked.

use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value, json};
use trimtab::seams::Seams;
use trimtab_test_servers::{consul, etcd};

use super::replica::{LEASE, Replica};
use super::stage::{Daemon, Ended};

const PAGES: &str =
    "[[controller]]\nname = \"pages\"\nkind = \"page\"\nplacement = \"sharded\"\nexec = [\"./script\"]\n";

/// A replica that runs, and how it is asked.
struct There {
    replica: Replica,
    daemon: Daemon,
    url: String,
}

impl There {
    async fn start(name: &str, store: &str) -> Self {
        let replica = Replica::new(name, &format!("[store]\nurl = \"{store}\""), PAGES);
        // Nobody is to lose a lease here because the machine is busy.
        let settings =
            replica.folder.read("trimtab.toml").replace(&format!("lease = \"{LEASE}\""), "lease = \"6s\"");
        replica.folder.write("trimtab.toml", &settings);
        let (daemon, url) = replica.start().await;
        Self { replica, daemon, url }
    }

    /// A command that asks it, to its end.
    async fn asked(&self, line: &str) -> Ended {
        let words: Vec<_> = line.split(' ').chain(["--server", &self.url]).collect();
        self.replica.folder.trimtab(&words).await
    }

    /// What it knows of the cluster, once it is so.
    async fn knows(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let (seams, mut last) = (Seams::tokio(), Value::Null);
        let until = seams.now() + Duration::from_secs(60);
        while seams.now() < until {
            let status = self.asked("status -o json").await;
            last = serde_json::from_str::<Value>(&status.out).unwrap()["cluster"].take();
            if is_so(&last) {
                return last;
            }
            self.daemon.rest().await;
        }
        panic!("never came: {what}\n{last:#}\n{}", self.daemon.log());
    }
}

fn states(cluster: &Value) -> Vec<(&str, &str)> {
    let replicas = cluster["replicas"].as_array().unwrap().iter();
    replicas.map(|one| (one["name"].as_str().unwrap(), one["state"].as_str().unwrap())).collect()
}

fn are_alive(names: &'static [&'static str]) -> impl Fn(&Value) -> bool {
    move |cluster| {
        let shards = &cluster["shards"][0];
        let all: Vec<_> = names.iter().map(|name| (*name, "alive")).collect();
        states(cluster) == all
            && shards["settled"] == true
            && shards["members"].as_array().unwrap().len() == names.len()
    }
}

async fn three(store: &str) -> [There; 3] {
    let a = There::start("a", store).await;
    a.knows("a leads", |cluster| cluster["leaders"][0]["replica"] == "a").await;
    let (b, c) = (There::start("b", store).await, There::start("c", store).await);
    for one in [&a, &b, &c] {
        one.knows("all are there", are_alive(&["a", "b", "c"])).await;
        one.knows("who leads", |cluster| cluster["leaders"][0]["replica"] == "a").await;
    }
    [a, b, c]
}

#[tokio::test]
async fn on_etcd_three_replicas_know_of_each_other_of_a_death_and_of_a_clean_end() {
    let Some(server) = etcd::Cluster::single() else { return };
    know_of_each_other(&format!("etcd://127.0.0.1:{}/shop", server.port(0))).await;
}

#[tokio::test]
async fn on_consul_three_replicas_know_of_each_other_of_a_death_and_of_a_clean_end() {
    let Some(server) = consul::Cluster::single() else { return };
    know_of_each_other(&format!("consul://127.0.0.1:{}/shop", server.port(0))).await;
}

async fn know_of_each_other(store: &str) {
    let [a, b, c] = three(store).await;

    let at_b = b.knows("it is well", |cluster| cluster["replicas"][1]["readiness"]["ready"] == true).await;
    assert_eq!(at_b["answered_by"], "b");
    assert_eq!(at_b["replicas"][0]["api"], a.url.as_str());
    assert_eq!(
        (&at_b["replicas"][0]["readiness"], &at_b["replicas"][1]["readiness"]["ready"]),
        (&Value::Null, &json!(true))
    );
    let out = b.asked("status -o table").await.with_code(0).out;
    for wanted in [
        format!("ready  trimtab 0.1.0 at {}, up ", b.url),
        format!(", replica b\nstore  {store}, live, 0 entries, at "),
        "\nREPLICA  STATE  STARTED  ".into(),
        "\na        alive  ".into(),
        format!("  0.1.0    {}\n", a.url),
        "  RUN BY      EPOCH  ".into(),
        "sites           site  standby  a           ".into(),
        "pages           page  ready    3 replicas  ".into(),
        "\nSHARED  REPLICA  SHARE  MAP  ".into(),
        "\npages   c        ".into(),
    ] {
        assert!(out.contains(&wanted), "{wanted:?} is not in:\n{out}");
    }

    let before = Seams::tokio().now();
    a.daemon.signal(Signal::KILL);
    let dead = b.knows("a is silent", |cluster| states(cluster)[0] == ("a", "silent")).await;
    let took = Seams::tokio().now() - before;
    assert!(
        took < Duration::from_secs(16),
        "a lease of 6 s, a second for the view, and a busy machine: {took:?}"
    );
    assert_eq!(dead["replicas"].as_array().unwrap().len(), 3);
    let is_led_by_another =
        |cluster: &Value| cluster["leaders"][0]["replica"].as_str().is_some_and(|leader| leader != "a");
    let led = b.knows("another leads", is_led_by_another).await;
    assert!(led["leaders"][0]["epoch"].as_u64() > at_b["leaders"][0]["epoch"].as_u64());
    let out = b.asked("status").await.with_code(0).out;
    assert!(out.lines().next().unwrap().ends_with(", 1 of 3 replicas is silent: a"), "{out}");

    c.daemon.signal(Signal::TERM);
    c.daemon.ended().await.with_code(0);
    let left = b.knows("the last one leads", |cluster| cluster["leaders"][0]["replica"] == "b").await;
    assert_eq!(states(&left), [("a", "silent"), ("b", "alive")], "who has stopped is off");

    let again = There::start("a", store).await;
    let there = b.knows("its former life is gone", are_alive(&["a", "b"])).await;
    assert_eq!(there["replicas"][0]["api"], again.url.as_str());
    assert_eq!(again.asked("status").await.with_code(0).err, "");
}

#[tokio::test]
async fn a_replica_that_does_not_run_a_key_says_who_does() {
    let Some(server) = etcd::Cluster::single() else { return };
    let [a, b, c] = three(&format!("etcd://127.0.0.1:{}/shop", server.port(0))).await;
    a.replica.apply(&a.url, "one").await;
    a.replica.by(&a.daemon, &a.url, "one").await;

    let refused = b.asked("enqueue sites one").await.with_code(1);
    let said = format!(
        "error: controller `sites` is led by replica `a` at {0}; this one, `b`, stands by; nothing was queued: ask the one that leads\n  ask it by `--server {0}`\n",
        a.url
    );
    assert_eq!((refused.out.as_str(), refused.err), ("", said));
    assert_eq!(a.asked("enqueue sites one").await.with_code(0).out, "sites: 1 key in line\n");

    let queue = b.asked("queue sites").await.with_code(0);
    assert_eq!(
        queue.err,
        format!("sites is led by replica a at {0}, which has its queue; ask it by `--server {0}`\n", a.url)
    );
    let out = b.asked("describe site one").await.with_code(0).out;
    assert!(
        out.contains(&format!("  sites: run by replica a at {0}; ask it by `--server {0}`\n", a.url)),
        "{out}"
    );

    for n in 0..30 {
        let page = format!("kind: page\nname: page-{n}\nspec: {{}}\n---\n");
        a.replica.folder.write(&format!("pages/{n}.yaml"), &page);
    }
    a.asked("apply -f pages").await.with_code(0);
    let mut queued = 0;
    for one in [&a, &b, &c] {
        one.knows("all pages", |cluster| cluster["store"]["entries"] == 31).await;
        let ended = one.asked("enqueue pages --all").await.with_code(0);
        let own: usize = ended.out.split(' ').nth(1).unwrap().parse().unwrap();
        assert_eq!(ended.err.lines().count(), 2, "the two others: {}", ended.err);
        assert!(ended.err.contains(" not, run by replica "), "{}", ended.err);
        queued += own;
        let queue = one.asked("queue pages").await.with_code(0);
        assert!(queue.err.contains("pages: here are the keys of this replica, "), "{}", queue.err);
    }
    assert_eq!(queued, 30, "each key is run by one");
}

#[tokio::test]
async fn a_second_replica_of_one_name_says_so_and_is_not_ready() {
    let Some(server) = etcd::Cluster::single() else { return };
    let store = format!("etcd://127.0.0.1:{}/shop", server.port(0));
    let first = There::start("a", &store).await;
    first.knows("it leads", |cluster| cluster["leaders"][0]["replica"] == "a").await;
    let second = There::start("a", &store).await;
    second.daemon.logs("is called `a` too; give each a name of its own").await;
    let status = second.asked("status").await.with_code(1).out;
    assert!(
        status.starts_with("not ready  ") && status.contains("\n  roster: another replica, started "),
        "{status}"
    );
    assert!(status.contains(&first.url) && status.contains(&second.url), "two are two: {status}");
    first.asked("status").await.with_code(0);
}
