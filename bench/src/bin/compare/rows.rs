//! What is compared with what, and how it should come out.

use super::runs::{Program, Runs};

/// A figure that a program prints.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figure {
    pub(crate) program: Program,
    pub(crate) peer: &'static str,
    pub(crate) case: &'static str,
    /// Operations of the case; 0 where it does not say.
    pub(crate) n: u64,
    pub(crate) name: &'static str,
}

impl Figure {
    /// What chooses its case, and no other, when its program is run.
    pub(crate) fn chosen(&self) -> String {
        if self.program == Program::Go {
            format!("{}/{}", self.peer, self.case)
        } else {
            format!("={}", self.case)
        }
    }
}

/// How it should come out.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    /// The figure itself.
    AtMost(f64),
    AtLeast(f64),
    /// Ours over theirs.
    Ratio(f64),
}

/// A line of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) work: &'static str,
    ours: Figure,
    theirs: Option<Figure>,
    target: Target,
}

const K: u64 = 1_000;
const M: u64 = 1_000_000;

const fn ours(program: Program, case: &'static str, n: u64, name: &'static str) -> Figure {
    Figure { program, peer: "trimtab", case, n, name }
}

const fn go(peer: &'static str, case: &'static str, n: u64, name: &'static str) -> Figure {
    Figure { program: Program::Go, peer, case, n, name }
}

const fn queue(case: &'static str, n: u64, name: &'static str) -> Figure {
    ours(Program::Queue, case, n, name)
}

const fn reconcile(case: &'static str, n: u64, name: &'static str) -> Figure {
    ours(Program::Reconcile, case, n, name)
}

const fn durable(case: &'static str, name: &'static str) -> Figure {
    ours(Program::Durable, case, 0, name)
}

const fn beside(work: &'static str, ours: Figure, theirs: Figure, ratio: f64) -> Row {
    Row { work, ours, theirs: Some(theirs), target: Target::Ratio(ratio) }
}

const fn alone(work: &'static str, ours: Figure, target: Target) -> Row {
    Row { work, ours, theirs: None, target }
}

const CONSUL_WRITE_10K: Figure = go("consul", "write_to_reconciled", 10 * K, "ns_per_op");
const CONSUL_WRITE_100K: Figure = go("consul", "write_to_reconciled", 100 * K, "ns_per_op");
const KUBE_WRITE: Figure = Figure {
    program: Program::Kube,
    peer: "kube-rs",
    case: "write_to_reconciled",
    n: 10 * K,
    name: "ns_per_op",
};
const IDLE: Figure = reconcile("idle_write_to_reconcile", 2 * K, "p50_us");

pub(crate) const ROWS: &[Row] = &[
    beside(
        "queue: add + get + done, two levels, one thread, beside client-go (ns)",
        queue("add_get_done", M, "ns_per_op"),
        go("client-go", "add_get_done", M, "ns_per_op"),
        0.33,
    ),
    alone("queue: allocations of that", queue("add_get_done", M, "allocs_per_op"), Target::AtMost(0.0)),
    beside(
        "queue: duplicate add, beside client-go (ns)",
        queue("duplicate_add", 5 * M, "ns_per_op"),
        go("client-go", "duplicate_add", 5 * M, "ns_per_op"),
        0.5,
    ),
    beside(
        "queue: 4 producers that batch, 16 consumers, 1 M keys, beside client-go (ns)",
        queue("producers_4x16_batches", M, "ns_per_op"),
        go("client-go", "producers_4x16", M, "ns_per_op"),
        0.4,
    ),
    alone(
        "queue: insert of 1 M deferred keys (ns)",
        queue("deferred_insert", M, "ns_per_op"),
        Target::AtMost(250.0),
    ),
    alone(
        "queue: bytes per parked key",
        queue("bytes_per_parked_key", M, "bytes_per_op"),
        Target::AtMost(110.0),
    ),
    alone(
        "queue: longest add while growing to 1 M keys (us)",
        queue("growing_add_max", M, "max_us"),
        Target::AtMost(1e3),
    ),
    alone(
        "lateness with 1 M keys deferred, p99 (us)",
        queue("lateness_1m", 2 * K, "p99_us"),
        Target::AtMost(500.0),
    ),
    alone(
        "lateness of a promised run, idle, p99 (us)",
        reconcile("deferred_lateness", 2 * K, "p99_us"),
        Target::AtMost(500.0),
    ),
    beside(
        "reconcile: ready records, 10,000 new, beside Consul (ns)",
        reconcile("write_to_reconciled_records", 10 * K, "ns_per_op"),
        CONSUL_WRITE_10K,
        0.04,
    ),
    beside(
        "reconcile: ready records, 100,000 new, beside Consul (ns)",
        reconcile("write_to_reconciled_records", 100 * K, "ns_per_op"),
        CONSUL_WRITE_100K,
        0.04,
    ),
    beside(
        "reconcile: `Store::commit` of drafts, 10,000 new, beside Consul (ns)",
        reconcile("write_to_reconciled", 10 * K, "ns_per_op"),
        CONSUL_WRITE_10K,
        0.04,
    ),
    beside(
        "reconcile: `Store::commit` of drafts, 100,000 new, beside Consul (ns)",
        reconcile("write_to_reconciled", 100 * K, "ns_per_op"),
        CONSUL_WRITE_100K,
        0.04,
    ),
    beside(
        "reconcile: `Store::commit` of 50 drafts each, 100,000 new, beside Consul (ns)",
        reconcile("write_to_reconciled_groups", 100 * K, "ns_per_op"),
        CONSUL_WRITE_100K,
        0.04,
    ),
    beside(
        "reconcile: ready records, 10,000 updates, beside kube-rs (ns)",
        reconcile("update_to_reconciled_records", 10 * K, "ns_per_op"),
        KUBE_WRITE,
        0.167,
    ),
    beside(
        "reconcile: received batches of one, 10,000 updates, beside kube-rs (ns)",
        reconcile("batch_to_reconciled", 10 * K, "ns_per_op"),
        KUBE_WRITE,
        0.167,
    ),
    beside(
        "reconcile: first of 100,000 existing entries, beside Consul (ns)",
        reconcile("first_reconcile", 100 * K, "ns_per_op"),
        go("consul", "first_reconcile", 100 * K, "ns_per_op"),
        0.2,
    ),
    alone(
        "allocations: receipt of a lone commit to done",
        reconcile("batch_to_reconciled", 10 * K, "allocs_per_op"),
        Target::AtMost(2.05),
    ),
    alone(
        "allocations: the same in groups of 128",
        reconcile("batch_to_reconciled_128", 10 * K, "allocs_per_op"),
        Target::AtMost(1.1),
    ),
    alone(
        "allocations: publish to done (first reconcile)",
        reconcile("first_reconcile", 100 * K, "allocs_per_op"),
        Target::AtMost(0.1),
    ),
    alone(
        "allocations: `Store::commit` of a draft to done",
        reconcile("write_to_reconciled", 10 * K, "allocs_per_op"),
        Target::AtMost(8.0),
    ),
    alone("idle: commit to reconcile start, from a task, p50 (us)", IDLE, Target::AtMost(15.0)),
    beside(
        "idle: the same, beside Consul (us)",
        IDLE,
        go("consul", "idle_write_to_reconcile", 3 * K, "p50_us"),
        0.2,
    ),
    alone(
        "idle: ready records, from a task, p50 (us)",
        reconcile("idle_write_to_reconcile_records", 2 * K, "p50_us"),
        Target::AtMost(15.0),
    ),
    beside(
        "idle: ready records from an OS thread, beside a bare tokio channel (us)",
        reconcile("idle_write_to_reconcile_from_thread_records", 2 * K, "p50_us"),
        Figure {
            program: Program::Reconcile,
            peer: "tokio mpsc",
            case: "idle_wake_from_thread",
            n: 2 * K,
            name: "p50_us",
        },
        1.3,
    ),
    beside(
        "idle: with 100,000 keys parked, beside none (us)",
        reconcile("idle_write_to_reconcile_100k_parked", 2 * K, "p50_us"),
        IDLE,
        1.5,
    ),
    alone(
        "disk: commit in place over a bare write + fdatasync, p50",
        durable("commit_over_raw", "in_place"),
        Target::AtMost(2.5),
    ),
    alone(
        "disk: commit from a task over the same, p50",
        durable("commit_over_raw", "from_a_task"),
        Target::AtMost(3.0),
    ),
    alone("disk: 64 writers over one", durable("commits_per_second", "ratio"), Target::AtLeast(10.0)),
    alone(
        "disk: opening after kill -9 over after a close, warm",
        durable("open_warm", "ratio"),
        Target::AtMost(1.2),
    ),
    alone("disk: the same, cold", durable("open_cold", "ratio"), Target::AtMost(1.2)),
];

impl Row {
    pub(crate) fn figures(&self) -> impl Iterator<Item = Figure> {
        std::iter::once(self.ours).chain(self.theirs)
    }

    /// The line in Markdown.
    pub(crate) fn line(&self, runs: &Runs) -> String {
        let theirs = self.theirs.as_ref().and_then(|figure| runs.of(figure));
        let (words, judged, least, medians) = match (self.target, runs.of(&self.ours), theirs) {
            (_, None, _) | (Target::Ratio(_), _, None) => {
                let shown = |value: Option<(f64, f64)>| {
                    value.map_or_else(|| "-".to_owned(), |(least, _)| shown(least))
                };
                let (a, b) = (shown(runs.of(&self.ours)), shown(theirs));
                return format!("| {} | {a} | {b} | - | - | {} | not run |", self.work, self.target());
            }
            (Target::Ratio(most), Some(a), Some(b)) => {
                (shown(b.0), a.0 / b.0 <= most, format!("{:.3}", a.0 / b.0), format!("{:.3}", a.1 / b.1))
            }
            (Target::AtMost(most), Some(a), _) => ("".to_owned(), a.0 <= most, String::new(), shown(a.1)),
            (Target::AtLeast(least), Some(a), _) => ("".to_owned(), a.0 >= least, String::new(), shown(a.1)),
        };
        let ours = runs.of(&self.ours).map_or_else(String::new, |(least, _)| shown(least));
        let met = if judged { "met" } else { "**not met**" };
        format!("| {} | {ours} | {words} | {least} | {medians} | {} | {met} |", self.work, self.target())
    }

    fn target(&self) -> String {
        match self.target {
            Target::AtMost(most) => format!("<= {most}"),
            Target::AtLeast(least) => format!(">= {least}"),
            Target::Ratio(most) => format!("<= {most}"),
        }
    }
}

fn shown(value: f64) -> String {
    if value >= 100.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}
