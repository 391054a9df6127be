//! The stream without a server: what it tells, where it goes on, what time does to it.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use futures_core::Stream as _;
use serde_json::{Value, json};
use trimtab_runtime::Manager;
use trimtab_seams::{Seams, virtual_time};
use trimtab_store::{Draft, IntoWrites, Memory, Position, Store, TenancyPattern};

use super::{From, Wanted, Watch};
use crate::api::Shared;
use crate::{Api, Limits};

fn site(name: &str, port: u16) -> Draft {
    Draft::json("site", name, &json!({ "port": port }))
}

async fn open(seams: &Seams, backend: &Memory) -> Arc<Shared> {
    let store = Store::builder(backend.clone()).seams(seams).open().await.unwrap();
    Api::builder(&store, &Manager::new().handle())
        .limits(Limits { streams: 2, ..Limits::default() })
        .build()
        .0
}

async fn commit(shared: &Shared, writes: impl IntoWrites) -> Position {
    shared.store.commit(writes).await.unwrap().position()
}

fn watch(shared: &Arc<Shared>, selector: &str, from: From) -> Watch {
    let tenancies = TenancyPattern::exactly(&trimtab_store::Tenancy::default());
    let wanted = Wanted { kind: "site".into(), name: None, tenancies, selector: selector.parse().unwrap() };
    let seat = shared.state.streams.seats.take(shared.limits.streams).expect("a place");
    Watch::begin(shared, wanted, from, seat, Box::pin(std::future::pending())).unwrap()
}

/// The bytes of what is there now.
async fn told(watch: &mut Watch) -> String {
    let mut text = String::new();
    // A stream that has much to tell gives way to others now and then.
    for _ in 0..3 {
        while let Poll::Ready(Some(Ok(bytes))) =
            poll_fn(|cx| Poll::Ready(Pin::new(&mut *watch).poll_next(cx))).await
        {
            text.push_str(std::str::from_utf8(&bytes).unwrap());
        }
        tokio::task::yield_now().await;
    }
    text
}

/// Each event in short: its name, its id, and what of its data matters.
fn short(text: &str) -> Vec<String> {
    let events = text.split_terminator("\n\n").filter(|event| event.starts_with("event: "));
    let event = |event: &str| {
        let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        let data: Value = serde_json::from_str(field("data: ")).unwrap();
        let half = |half: &Value| half["spec"]["port"].as_u64().map_or("-".into(), |port| port.to_string());
        let index = field("id: ").rsplit('-').next().unwrap_or_default().to_owned();
        let what = match field("event: ") {
            "snapshot" => format!("{} {}", data["entry"]["name"].as_str().unwrap(), half(&data["entry"])),
            "change" => {
                let changes = data["changes"].as_array().unwrap().iter();
                let change = |c: &Value| {
                    format!("{} {}>{}", c["name"].as_str().unwrap(), half(&c["old"]), half(&c["new"]))
                };
                changes.map(change).collect::<Vec<_>>().join(", ")
            }
            "reset" => data["reason"].as_str().unwrap().into(),
            other => other.into(),
        };
        format!("{index}: {what}")
    };
    events.map(event).collect()
}

#[test]
fn a_watch_begins_with_what_is_there_and_tells_each_commit_whole() {
    virtual_time::run(1, async |seams| {
        let shared = open(&seams, &Memory::with_seams(&seams)).await;
        commit(&shared, [site("blog", 80).apply(), site("shop", 90).apply()]).await;
        let mut watch = watch(&shared, "", From::Nothing);
        let text = told(&mut watch).await;
        assert!(text.starts_with("retry: 1000\n\n"), "{text}");
        assert_eq!(short(&text), [": blog 80", ": shop 90", "1: end-of-snapshot"]);
        commit(&shared, [site("blog", 81).apply(), site("news", 70).apply()]).await;
        commit(&shared, site("beside", 1).in_namespace("other").apply()).await;
        assert_eq!(short(&told(&mut watch).await), ["2: blog 80>81, news ->70"]);
    });
}

/// A client is cut off by a kill -9 of the daemon: the new process knows nothing in its publisher of what came before.
#[test]
fn a_watch_goes_on_after_a_restart_without_gap_or_repeat() {
    virtual_time::run(1, async |seams| {
        let backend = Memory::with_seams(&seams);
        let first = open(&seams, &backend).await;
        let seen = commit(&first, site("blog", 80).apply()).await;
        commit(&first, site("blog", 81).apply()).await;
        commit(&first, site("shop", 90).apply()).await;
        drop(first);
        let second = open(&seams, &backend).await;
        let mut watch = watch(&second, "", From::Position(seen));
        assert_eq!(short(&told(&mut watch).await), ["2: blog 80>81", "3: shop ->90"]);
        commit(&second, site("blog", 82).apply()).await;
        assert_eq!(short(&told(&mut watch).await), ["4: blog 81>82"]);
    });
}

#[test]
fn a_position_that_nothing_goes_on_from_is_answered_with_reset_and_a_snapshot() {
    virtual_time::run(1, async |seams| {
        let backend = Memory::with_seams(&seams);
        let first = open(&seams, &backend).await;
        let old = commit(&first, site("blog", 80).apply()).await;
        let last = commit(&first, site("blog", 81).apply()).await;
        backend.compact(last.index);
        let shared = open(&seams, &backend).await;
        for (from, reason) in [
            (From::Position(old), "too-old"),
            (From::OtherStore, "other-store"),
            (From::Position(Position { index: last.index.next(), ..last }), "store-replaced"),
        ] {
            let mut watch = watch(&shared, "", from);
            let mut text = told(&mut watch).await;
            seams.sleep(Duration::from_secs(2)).await;
            text.push_str(&told(&mut watch).await);
            assert_eq!(
                short(&text),
                [format!(": {reason}"), ": blog 81".into(), "2: end-of-snapshot".into()]
            );
            assert!(text.contains("event: reset\nid:\n"), "{text}");
        }
    });
}

#[test]
fn with_a_selector_entries_appear_and_disappear_with_their_labels() {
    virtual_time::run(1, async |seams| {
        let shared = open(&seams, &Memory::with_seams(&seams)).await;
        commit(&shared, [site("blog", 80).label("tier", "web").apply(), site("shop", 90).apply()]).await;
        let mut watch = watch(&shared, "tier=web", From::Nothing);
        assert_eq!(short(&told(&mut watch).await), [": blog 80", "1: end-of-snapshot"]);
        commit(&shared, site("shop", 91).label("tier", "web").apply()).await;
        commit(&shared, site("shop", 92).apply()).await;
        commit(&shared, site("blog", 82).label("tier", "db").apply()).await;
        commit(&shared, site("blog", 83).label("tier", "db").apply()).await;
        assert_eq!(short(&told(&mut watch).await), ["2: shop ->91", "3: shop 91>92", "4: blog 80>-"]);
    });
}

#[test]
fn a_quiet_watch_shows_that_it_lives_with_a_position_to_go_on_from() {
    virtual_time::run(1, async |seams| {
        let shared = open(&seams, &Memory::with_seams(&seams)).await;
        commit(&shared, site("blog", 80).apply()).await;
        let mut watch = watch(&shared, "", From::Nothing);
        told(&mut watch).await;
        let beside = Draft::json("certificate", "c", &json!({})).apply();
        let at = commit(&shared, beside).await;
        seams.sleep(Duration::from_secs(16)).await;
        assert_eq!(short(&told(&mut watch).await), ["2: progress"]);
        assert_eq!(short(&told(&mut watch).await), [""; 0], "not again at once");
        drop(watch);
        let mut watch = self::watch(&shared, "", From::Position(at));
        commit(&shared, site("blog", 81).apply()).await;
        assert_eq!(short(&told(&mut watch).await), ["3: blog 80>81"]);
    });
}

/// A spec may hold line breaks between its tokens; in an event they would end the field.
#[test]
fn a_spec_with_line_breaks_is_told_on_one_line() {
    virtual_time::run(1, async |seams| {
        let shared = open(&seams, &Memory::with_seams(&seams)).await;
        let given: trimtab_store::Document =
            serde_json::from_str("{\"kind\":\"site\",\"name\":\"blog\",\"spec\":{\r\n\"port\":\n80}}")
                .unwrap();
        commit(&shared, given.into_draft().unwrap().apply()).await;
        let mut watch = watch(&shared, "", From::Nothing);
        assert_eq!(short(&told(&mut watch).await), [": blog 80", "1: end-of-snapshot"]);
    });
}
