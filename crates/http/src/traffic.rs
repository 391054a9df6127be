//! What is counted of requests: by route, never by what a client made up.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::http::Method;
use parking_lot::Mutex;
use trimtab_runtime::{Family, FamilyKind, ReplicaState, ReplicaStatus};
use trimtab_store::Health;

/// Upper bounds of the histogram, in seconds.
const BOUNDS: [f64; 9] = [0.001, 0.005, 0.025, 0.1, 0.25, 1.0, 2.5, 10.0, 30.0];

/// What is counted.
#[derive(Default)]
pub(crate) struct Traffic {
    pub(crate) connections: AtomicUsize,
    requests: Mutex<BTreeMap<(String, &'static str, u16), u64>>,
    seconds: Mutex<BTreeMap<String, Seconds>>,
}

#[derive(Clone, Copy, Default)]
struct Seconds {
    buckets: [u64; BOUNDS.len()],
    count: u64,
    sum: f64,
}

const REQUESTS: Family = Family {
    name: "trimtab_http_requests_total",
    kind: FamilyKind::Counter,
    help: "Requests by route, method and status code.",
    unit: "requests",
    labels: &["route", "method", "code"],
    advice: "`5xx` rise: the log says why each. `401` and `403` rise: somebody asks without a right token. `429` and `503`: a limit is reached.",
};
const SECONDS: Family = Family {
    name: "trimtab_http_request_seconds",
    kind: FamilyKind::Histogram,
    help: "How long it took until an answer began, by route.",
    unit: "seconds",
    labels: &["route"],
    advice: "A high quantile: the disk is slow at writes, or lists are long; ask for pages.",
};
const CONNECTIONS: Family = Family {
    name: "trimtab_http_connections",
    kind: FamilyKind::Gauge,
    help: "Connections that are open.",
    unit: "connections",
    labels: &[],
    advice: "Near the limit: clients do not close what they open; further ones are refused.",
};
const STREAMS: Family = Family {
    name: "trimtab_http_streams",
    kind: FamilyKind::Gauge,
    help: "Watches that are open.",
    unit: "streams",
    labels: &[],
    advice: "Near the limit: further watches are refused with 429; a client opens more than it needs, or the limit is too low.",
};
const INDEX: Family = Family {
    name: "trimtab_store_index",
    kind: FamilyKind::Gauge,
    help: "Index of the commit that the view stands at.",
    unit: "commits",
    labels: &[],
    advice: "Its rate is the rate of commits. Stands still while somebody writes: the store is away.",
};
const LIVE: Family = Family {
    name: "trimtab_store_live",
    kind: FamilyKind::Gauge,
    help: "Whether the store is followed; 0 while it is being read or is away.",
    unit: "1 or 0",
    labels: &[],
    advice: "At 0 for minutes: what is read grows old; the log says what fails.",
};
const UNDECODABLE: Family = Family {
    name: "trimtab_store_undecodable",
    kind: FamilyKind::Gauge,
    help: "Entries that cannot be read.",
    unit: "entries",
    labels: &[],
    advice: "Above 0: they are left out of all answers; the log names them. Write each anew, or delete it.",
};
const RESETS: Family = Family {
    name: "trimtab_store_resets_total",
    kind: FamilyKind::Counter,
    help: "Times the view had to be read anew as a whole.",
    unit: "times",
    labels: &[],
    advice: "Rises: watches begin anew with it, and all keys are looked at again.",
};

const ENTRIES: Family = Family {
    name: "trimtab_store_entries",
    kind: FamilyKind::Gauge,
    help: "Entries in view, in all kinds and tenancies.",
    unit: "entries",
    labels: &[],
    advice: "For information: memory and the time of a start grow with it.",
};
const REPLICAS: Family = Family {
    name: "trimtab_replicas",
    kind: FamilyKind::Gauge,
    help: "Replicas over the store, this one among them, by whether they live; only where there can be others.",
    unit: "replicas",
    labels: &["state"],
    advice: "`alive` is less than there should be: one has died or does not reach the store; `trimtab status` names it. `unknown`: this one does not reach the store.",
};

const FAMILIES: [Family; 10] =
    [REQUESTS, SECONDS, CONNECTIONS, STREAMS, INDEX, LIVE, ENTRIES, UNDECODABLE, RESETS, REPLICAS];

/// Every family that `/metrics` writes beside those of [`trimtab_runtime::metric_families`], in the order it writes them.
pub fn metric_families() -> &'static [Family] {
    &FAMILIES
}

impl Traffic {
    /// Counts an answer. The route is the path's pattern, or the empty text where there was none.
    pub(crate) fn answered(&self, route: &str, method: &Method, code: u16, took: Duration) {
        let key = (route.to_owned(), label(method), code);
        *self.requests.lock().entry(key).or_default() += 1;
        let seconds = took.as_secs_f64();
        let mut all = self.seconds.lock();
        let tally = all.entry(route.to_owned()).or_default();
        for (bound, bucket) in BOUNDS.iter().zip(&mut tally.buckets) {
            *bucket += u64::from(seconds <= *bound);
        }
        tally.count += 1;
        tally.sum += seconds;
    }

    /// All of it, with the figures of the store, in the text format of Prometheus.
    pub(crate) fn text(&self, streams: usize, health: &Health, replicas: Option<&[ReplicaStatus]>) -> String {
        let mut text = String::new();
        head(&mut text, REQUESTS);
        for ((route, method, code), count) in &*self.requests.lock() {
            let name = REQUESTS.name;
            let _ = writeln!(text, "{name}{{route=\"{route}\",method=\"{method}\",code=\"{code}\"}} {count}");
        }
        head(&mut text, SECONDS);
        for (route, Seconds { buckets, count, sum }) in &*self.seconds.lock() {
            let name = SECONDS.name;
            for (bound, below) in BOUNDS.iter().zip(buckets) {
                let _ = writeln!(text, "{name}_bucket{{route=\"{route}\",le=\"{bound}\"}} {below}");
            }
            let _ = writeln!(text, "{name}_bucket{{route=\"{route}\",le=\"+Inf\"}} {count}");
            let _ = writeln!(text, "{name}_sum{{route=\"{route}\"}} {sum}");
            let _ = writeln!(text, "{name}_count{{route=\"{route}\"}} {count}");
        }
        let index = health.position.map(|position| position.index.get()).unwrap_or_default();
        for (family, value) in [
            (CONNECTIONS, self.connections.load(Ordering::Relaxed) as u64),
            (STREAMS, streams as u64),
            (INDEX, index),
            (LIVE, u64::from(health.is_live())),
            (ENTRIES, health.entries as u64),
            (UNDECODABLE, health.undecodable as u64),
            (RESETS, health.resets),
        ] {
            head(&mut text, family);
            let _ = writeln!(text, "{} {value}", family.name);
        }
        if let Some(replicas) = replicas {
            head(&mut text, REPLICAS);
            for state in [ReplicaState::Alive, ReplicaState::Silent, ReplicaState::Unknown] {
                let count = replicas.iter().filter(|replica| replica.state == state).count();
                let _ = writeln!(text, "{}{{state=\"{}\"}} {count}", REPLICAS.name, state.as_str());
            }
        }
        text
    }
}

/// A client may make up methods; they are counted as one.
fn label(method: &Method) -> &'static str {
    const KNOWN: [&str; 9] = ["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "CONNECT", "TRACE"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("other")
}

fn head(text: &mut String, Family { name, kind, help, .. }: Family) {
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
}
