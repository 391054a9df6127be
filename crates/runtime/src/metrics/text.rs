//! Metrics in the text format of Prometheus.

use std::fmt::Write;

use super::family::{self, Family, metric_families};
use super::{ControllerMetrics, Durations};
use crate::{ControllerStatus, SourceState};

/// Collects the lines of each family over all controllers, then writes each family once.
#[derive(Debug, Default)]
pub(crate) struct Text {
    /// In step with the table of families; empty when nothing has been written.
    lines: Vec<String>,
}

impl Text {
    /// One value of a family under these labels.
    pub(crate) fn value(&mut self, family: &'static Family, labels: &[(&str, &str)], value: u64) {
        self.line(family, "", labels, &value.to_string());
    }

    fn durations(&mut self, controller: (&str, &str), durations: &Durations) {
        let mut below = 0;
        for (bound, count) in Durations::BOUNDS.iter().zip(&durations.buckets) {
            below += count;
            let bound = bound.as_secs_f64().to_string();
            self.line(family::SECONDS, "_bucket", &[controller, ("le", &bound)], &below.to_string());
        }
        let count = durations.count.to_string();
        self.line(family::SECONDS, "_bucket", &[controller, ("le", "+Inf")], &count);
        self.line(family::SECONDS, "_sum", &[controller], &durations.sum.as_secs_f64().to_string());
        self.line(family::SECONDS, "_count", &[controller], &count);
    }

    fn line(&mut self, family: &'static Family, suffix: &str, labels: &[(&str, &str)], value: &str) {
        let families = metric_families();
        self.lines.resize(families.len(), String::new());
        let Some(at) = families.iter().position(|known| known.name == family.name) else { return };
        let labels: Vec<_> =
            labels.iter().map(|(label, value)| format!("{label}=\"{}\"", escaped(value))).collect();
        // Writing to a string does not fail.
        let _ = writeln!(self.lines[at], "{}{suffix}{{{}}} {value}", family.name, labels.join(","));
    }

    /// All of one controller.
    pub(crate) fn controller(&mut self, status: &ControllerStatus, metrics: &ControllerMetrics) {
        let controller = ("controller", status.name.as_str());
        self.standing(controller, status);
        self.figures(controller, metrics);
    }

    fn standing(&mut self, controller: (&str, &str), status: &ControllerStatus) {
        self.value(family::READY, &[controller], status.ready.into());
        if status.epoch.is_some() || status.standby {
            self.value(family::LEADING, &[controller], status.epoch.is_some().into());
        }
        for source in &status.sources {
            let live = matches!(source.state, SourceState::Live | SourceState::Ended);
            self.value(family::SOURCE_LIVE, &[controller, ("source", &source.name)], live.into());
        }
        let unmapped: usize = status.sources.iter().map(|source| source.unmapped.len()).sum();
        self.value(family::UNMAPPED, &[controller], unmapped as u64);
        self.value(family::HOT, &[controller], status.hot.len() as u64);
        self.value(family::TRIGGERS, &[controller], status.triggers as u64);
    }

    fn figures(&mut self, controller: (&str, &str), metrics: &ControllerMetrics) {
        self.value(family::WORKERS, &[controller], metrics.workers as u64);
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
            self.value(family::RECONCILES, &[controller, ("result", result)], count);
        }
        // Without timings nothing is measured, and zeros would say that runs take no time.
        if metrics.run_time.count > 0 || metrics.longest_run.is_some() {
            self.durations(controller, &metrics.run_time);
            let longest = metrics.longest_run.unwrap_or_default().as_secs_f64().to_string();
            self.line(family::LONGEST, "", &[controller], &longest);
        }
        self.value(family::PUT_OFF, &[controller], metrics.put_off);
        self.value(family::DAMPED, &[controller], metrics.damped);
        self.value(family::EVENTS, &[controller], metrics.events);
        self.value(family::ANSWERED, &[controller], metrics.answered);
        self.value(family::MAP_FAILURES, &[controller], metrics.map_failures);
        self.value(family::RESUBSCRIBES, &[controller], metrics.resubscribes);
        self.value(family::TRIGGERED, &[controller], metrics.triggered);
        let queue = &metrics.queue;
        let states = [
            ("ready", queue.ready),
            ("running", queue.running),
            ("deferred", queue.deferred),
            ("failing", queue.failing),
        ];
        for (state, keys) in states {
            self.value(family::KEYS, &[controller, ("state", state)], keys as u64);
        }
        self.value(family::ADDS, &[controller], queue.adds);
        self.value(family::RETRIES, &[controller], queue.retries);
    }

    /// The text, families in the order of the table.
    pub(crate) fn finish(self) -> String {
        let mut text = String::new();
        for (Family { name, kind, help, .. }, lines) in metric_families().iter().zip(self.lines) {
            if !lines.is_empty() {
                let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{lines}");
            }
        }
        text
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n")
}
