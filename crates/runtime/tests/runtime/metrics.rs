//! The figures as text: what is written stands in the table, and Prometheus' own parser reads it.

use std::io::Write as _;
use std::process::{Command, Stdio};

use trimtab_runtime::{
    Action, Controller, FamilyKind, Manager, ManagerHandle, Placement, Source, metric_families, reconcile_fn,
};

use crate::world::{SECOND, Site, World, site, world};

/// Two controllers of odd names with some history, one of them in one replica. Gives their text while a run goes on.
async fn text(w: &World) -> String {
    w.put("blog", site(80)).await;
    w.put("slow", site(81)).await;
    let reconciler = || {
        reconcile_fn(async |ctx, request| {
            match request.name() {
                "slow" => ctx.sleep(50 * SECOND).await,
                _ if ctx.attempt() == 1 => return Err("busy".into()),
                _ => {}
            }
            Ok(Action::done())
        })
    };
    let sites = || Controller::new(&w.store, reconciler()).subscribe(Source::of::<Site>()).with_workers(2);
    let everywhere = sites().named("a\"b\\c\nd").with_timings();
    let leading = sites().named("leading").with_placement(Placement::leader("sites"));
    let manager = Manager::new().add(everywhere).add(leading);
    let handle: ManagerHandle = manager.handle();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    w.seams.spawn("manager under test", async move {
        drop(manager.run(async move { drop(stopped.await) }).await);
    });
    w.sleep(5 * SECOND).await;
    let text = handle.metrics_text();
    drop(stop);
    w.sleep(100 * SECOND).await;
    text
}

#[test]
fn every_series_stands_in_the_table_with_its_labels_and_every_family_is_written() {
    let text = world(1, async |w| text(&w).await);
    for family in metric_families() {
        let head = format!("# HELP {0} {1}\n# TYPE {0} {2}\n", family.name, family.help, family.kind);
        assert_eq!(text.matches(&head).count(), 1, "{head}\n{text}");
    }
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (series, rest) = line.split_once('{').expect("labels");
        let family = metric_families().iter().find(|family| {
            let suffix = series.strip_prefix(family.name);
            let histogram = family.kind == FamilyKind::Histogram;
            suffix.is_some_and(|suffix| {
                if histogram { ["_bucket", "_sum", "_count"].contains(&suffix) } else { suffix.is_empty() }
            })
        });
        let family = family.unwrap_or_else(|| panic!("no family for {line}"));
        let labels = rest.split("=\"").map(|part| part.rsplit([',', ' ']).next().unwrap_or(part));
        let labels: Vec<_> =
            labels.filter(|label| label.bytes().all(|byte| byte.is_ascii_lowercase())).collect();
        assert!(labels.iter().all(|label| family.labels.contains(label) || *label == "le"), "{line}");
        assert!(family.labels.iter().all(|label| labels.contains(label)), "{line}");
    }
}

#[test]
fn the_longest_run_is_told_while_it_goes_on() {
    let text = world(2, async |w| text(&w).await);
    let longest = text.lines().find(|line| line.starts_with("trimtab_longest_run_seconds{")).expect("told");
    let seconds: f64 = longest.rsplit(' ').next().and_then(|value| value.parse().ok()).expect("a number");
    assert!((4.5..=5.0).contains(&seconds), "{longest}");
}

/// Prometheus' own Python client, when it is there; in CI it must be.
#[test]
fn prometheus_own_parser_reads_every_family() {
    const PARSE: &str = "
import sys
from prometheus_client.parser import text_string_to_metric_families as parse
for family in parse(sys.stdin.read()):
    print(family.type, len(family.samples), family.name)
";
    let there = Command::new("python3").args(["-c", "import prometheus_client"]).output();
    if !there.is_ok_and(|output| output.status.success()) {
        assert!(std::env::var_os("CI").is_none(), "CI must have python3 with prometheus-client");
        eprintln!(
            "SKIPPED: python3 cannot import prometheus_client; `pip install prometheus-client` runs this test"
        );
        return;
    }
    let text = world(3, async |w| text(&w).await);
    let mut python = Command::new("python3")
        .args(["-c", PARSE])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it ran a moment ago");
    python.stdin.take().expect("piped").write_all(text.as_bytes()).expect("it reads all");
    let output = python.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}\n{text}", String::from_utf8_lossy(&output.stderr));
    let read = String::from_utf8(output.stdout).expect("text");
    for family in metric_families() {
        // The parser takes `_total` off the names of counters.
        let name = family.name.strip_suffix("_total").unwrap_or(family.name);
        let told = read.lines().any(|line| {
            line.starts_with(family.kind.as_str())
                && line.ends_with(&format!(" {name}"))
                && !line.contains(" 0 ")
        });
        assert!(told, "{name}\n{read}");
    }
}
