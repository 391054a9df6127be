//! Metrics in the text format of Prometheus.

use std::fmt::Write;

use super::{ControllerMetrics, Durations};

/// Collects the families of all controllers, then writes each family once.
#[derive(Debug, Default)]
pub(crate) struct Text {
    families: Vec<Family>,
}

#[derive(Debug)]
struct Family {
    name: &'static str,
    kind: &'static str,
    help: &'static str,
    lines: String,
}

impl Text {
    /// One value of a family under these labels.
    pub(crate) fn value(
        &mut self,
        (name, kind, help): (&'static str, &'static str, &'static str),
        labels: &[(&str, &str)],
        value: u64,
    ) {
        self.line((name, kind, help), name, labels, &value.to_string());
    }

    fn durations(&mut self, controller: (&str, &str), durations: &Durations) {
        let mut below = 0;
        for (bound, count) in Durations::BOUNDS.iter().zip(&durations.buckets) {
            below += count;
            let bound = bound.as_secs_f64().to_string();
            self.line(
                SECONDS,
                "trimtab_reconcile_seconds_bucket",
                &[controller, ("le", &bound)],
                &below.to_string(),
            );
        }
        let count = durations.count.to_string();
        self.line(SECONDS, "trimtab_reconcile_seconds_bucket", &[controller, ("le", "+Inf")], &count);
        let sum = durations.sum.as_secs_f64().to_string();
        self.line(SECONDS, "trimtab_reconcile_seconds_sum", &[controller], &sum);
        self.line(SECONDS, "trimtab_reconcile_seconds_count", &[controller], &count);
    }

    fn line(
        &mut self,
        (name, kind, help): (&'static str, &'static str, &'static str),
        series: &str,
        labels: &[(&str, &str)],
        value: &str,
    ) {
        let at = self.families.iter().position(|family| family.name == name).unwrap_or_else(|| {
            self.families.push(Family { name, kind, help, lines: String::new() });
            self.families.len() - 1
        });
        let labels: Vec<_> =
            labels.iter().map(|(label, value)| format!("{label}=\"{}\"", escaped(value))).collect();
        // Writing to a string does not fail.
        let _ = writeln!(self.families[at].lines, "{series}{{{}}} {value}", labels.join(","));
    }

    /// All figures of one controller.
    pub(crate) fn controller(&mut self, name: &str, metrics: &ControllerMetrics) {
        let controller = ("controller", name);
        let counts = &metrics.reconciles;
        for (result, count) in [
            ("done", counts.done),
            ("requeued", counts.requeued),
            ("failed", counts.failed),
            ("terminal", counts.terminal),
            ("conflict", counts.conflicts),
            ("timed_out", counts.timed_out),
            ("panicked", counts.panicked),
            ("cancelled", counts.cancelled),
            ("fenced", counts.fenced),
        ] {
            self.value(RECONCILES, &[controller, ("result", result)], count);
        }
        // Without timings nothing is measured, and zeros would say that runs take no time.
        if metrics.run_time.count > 0 {
            self.durations(controller, &metrics.run_time);
        }
        self.value(PUT_OFF, &[controller], metrics.put_off);
        self.value(DAMPED, &[controller], metrics.damped);
        self.value(EVENTS, &[controller], metrics.events);
        self.value(ANSWERED, &[controller], metrics.answered);
        self.value(MAP_FAILURES, &[controller], metrics.map_failures);
        self.value(RESUBSCRIBES, &[controller], metrics.resubscribes);
        self.value(TRIGGERED, &[controller], metrics.triggered);
        let queue = &metrics.queue;
        let states = [
            ("ready", queue.ready),
            ("running", queue.running),
            ("deferred", queue.deferred),
            ("failing", queue.failing),
        ];
        for (state, keys) in states {
            self.value(KEYS, &[controller, ("state", state)], keys as u64);
        }
        self.value(ADDS, &[controller], queue.adds);
        self.value(RETRIES, &[controller], queue.retries);
    }

    /// The text, families in order of their first value.
    pub(crate) fn finish(self) -> String {
        let mut text = String::new();
        for Family { name, kind, help, lines } in self.families {
            let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{lines}");
        }
        text
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n")
}

type Described = (&'static str, &'static str, &'static str);
const RECONCILES: Described =
    ("trimtab_reconciles_total", "counter", "Runs of reconcilers by how they ended.");
const SECONDS: Described = ("trimtab_reconcile_seconds", "histogram", "How long runs of reconcilers took.");
const PUT_OFF: Described =
    ("trimtab_put_off_total", "counter", "Runs put off because the view was not yet new enough.");
const DAMPED: Described =
    ("trimtab_damped_total", "counter", "Runs held back because their key kept asking to run at once.");
const EVENTS: Described = ("trimtab_events_total", "counter", "Events taken by sources.");
const ANSWERED: Described = (
    "trimtab_answered_total",
    "counter",
    "Requests left out because a run had already seen what they tell of.",
);
const MAP_FAILURES: Described = ("trimtab_map_failures_total", "counter", "Failures of transformers.");
const RESUBSCRIBES: Described =
    ("trimtab_resubscribes_total", "counter", "Times a source had to subscribe again.");
const TRIGGERED: Described = ("trimtab_triggered_total", "counter", "Triggers that ended.");
const KEYS: Described = ("trimtab_queue_keys", "gauge", "Keys in the queue by state.");
const ADDS: Described = ("trimtab_queue_adds_total", "counter", "Adds to the queue.");
const RETRIES: Described = ("trimtab_queue_retries_total", "counter", "Failures that lead to a retry.");
pub(crate) const READY: Described = ("trimtab_ready", "gauge", "Whether the controller is ready.");
pub(crate) const SOURCE_LIVE: Described =
    ("trimtab_source_live", "gauge", "Whether the source follows its topic.");
pub(crate) const LEADING: Described =
    ("trimtab_leading", "gauge", "Whether this process holds the controller's lease.");
