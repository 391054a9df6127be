//! What `contrib/` names exists: metrics and their labels by `docs/metrics.md`, pages by their headings; and its container has no rights.
//!
//! The page of metrics is compared with the tables in the code by a test of `trimtab-http`, so text is enough here. A parser of `PromQL` would be a dependency for
//! a dozen expressions; brackets, names and labels are what goes wrong.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{File, links};

const METRICS: &str = "docs/metrics.md";
const ALERTS: &str = "contrib/alerts.yaml";
const DASHBOARD: &str = "contrib/dashboard.json";
const CONTAINER: &str = "contrib/Containerfile";

/// Labels that every series has once Prometheus has scraped it.
const SCRAPED: [&str; 2] = ["instance", "job"];

/// The labels of each metric; of a histogram under the names of its series.
type Metrics<'a> = BTreeMap<String, Vec<&'a str>>;

pub(super) fn check(files: &[File]) -> Vec<String> {
    let text_of = |path: &str| {
        let file = files.iter().find(|file| file.path == path);
        file.map(|file| file.text.as_str()).ok_or_else(|| vec![format!("{path}: missing")])
    };
    let checked = || {
        let metrics = metrics(text_of(METRICS)?);
        let mut found = alerts(files, &metrics, text_of(ALERTS)?);
        found.extend(dashboard(&metrics, text_of(DASHBOARD)?));
        found.extend(container(text_of(CONTAINER)?));
        Ok(found)
    };
    checked().unwrap_or_else(|missing: Vec<String>| missing)
}

/// The rows of the page: name, kind, unit, labels and more.
fn metrics(page: &str) -> Metrics<'_> {
    let mut metrics = Metrics::new();
    for line in page.lines().filter_map(|line| line.strip_prefix("| `")) {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let [name, kind, _, labels, ..] = cells[..] else { continue };
        let name = name.trim_matches('`');
        let mut labels: Vec<_> = labels.split('`').filter(|label| is_name(label)).collect();
        if kind == "histogram" {
            metrics.insert(format!("{name}_sum"), labels.clone());
            metrics.insert(format!("{name}_count"), labels.clone());
            labels.push("le");
            metrics.insert(format!("{name}_bucket"), labels);
        } else {
            metrics.insert(name.to_owned(), labels);
        }
    }
    metrics
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

fn alerts(files: &[File], metrics: &Metrics<'_>, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for rule in text.split("- alert:").skip(1) {
        let name = rule.lines().next().unwrap_or_default().trim();
        let mut wrong = |what: String| found.push(format!("{ALERTS}: {name}: {what}"));
        match value(rule, "expr:") {
            None => wrong("no expr".into()),
            Some(expr) => expression(metrics, &expr).into_iter().for_each(&mut wrong),
        }
        if value(rule, "summary:").is_none_or(|summary| summary.is_empty()) {
            wrong("no summary".into());
        }
        match value(rule, "runbook:") {
            Some(page) if links::exists(files, "README.md", &page) && page.contains('#') => {}
            Some(page) => wrong(format!("no such section: {page}")),
            None => wrong("no runbook".into()),
        }
    }
    if found.is_empty() && !text.contains("- alert:") {
        found.push(format!("{ALERTS}: no rule"));
    }
    found
}

/// The value of a key: the rest of its line, or the deeper lines after `>-`.
fn value(rule: &str, key: &str) -> Option<String> {
    let mut lines = rule.lines().skip_while(|line| !line.trim_start().starts_with(key));
    let line = lines.next()?;
    let depth = |line: &str| line.len() - line.trim_start().len();
    let first = line.trim_start().strip_prefix(key)?.trim();
    if first != ">-" {
        return Some(first.to_owned());
    }
    let deeper: Vec<_> = lines.take_while(|next| depth(next) > depth(line)).map(str::trim).collect();
    Some(deeper.join(" "))
}

fn dashboard(metrics: &Metrics<'_>, text: &str) -> Vec<String> {
    let Ok(board) = serde_json::from_str::<Value>(text) else {
        return vec![format!("{DASHBOARD}: not JSON")];
    };
    let panels = board["panels"].as_array().map_or(&[][..], Vec::as_slice);
    let mut found = Vec::new();
    for panel in panels {
        let title = panel["title"].as_str().unwrap_or("a panel");
        let targets = panel["targets"].as_array().map_or(&[][..], Vec::as_slice);
        let expressions = targets.iter().filter_map(|target| target["expr"].as_str());
        let wrong = expressions.flat_map(|expr| expression(metrics, expr));
        found.extend(wrong.map(|what| format!("{DASHBOARD}: {title}: {what}")));
        if targets.is_empty() {
            found.push(format!("{DASHBOARD}: {title}: shows nothing"));
        }
    }
    if panels.is_empty() {
        found.push(format!("{DASHBOARD}: no panel"));
    }
    found
}

/// What is wrong with an expression: brackets, metrics, labels.
fn expression(metrics: &Metrics<'_>, expr: &str) -> Vec<String> {
    let mut found = Vec::new();
    if !is_balanced(expr) {
        found.push(format!("brackets do not match in {expr}"));
    }
    let mut labels: Vec<&str> = SCRAPED.to_vec();
    for (at, _) in expr.match_indices("trimtab_") {
        let rest = &expr[at..];
        let end = rest.find(|c: char| !c.is_ascii_lowercase() && c != '_').unwrap_or(rest.len());
        let (name, rest) = rest.split_at(end);
        let Some(known) = metrics.get(name) else {
            found.push(format!("no metric {name}"));
            continue;
        };
        labels.extend(known);
        let matched =
            rest.strip_prefix('{').and_then(|rest| rest.split_once('}')).map_or("", |(in_it, _)| in_it);
        let names = matched.split(',').filter_map(|pair| pair.split(['=', '!']).next()).map(str::trim);
        let strange =
            names.filter(|label| !label.is_empty() && !known.contains(label) && !SCRAPED.contains(label));
        found.extend(strange.map(|label| format!("{name} has no label {label}")));
    }
    for word in ["by (", "on ("] {
        for (at, _) in expr.match_indices(word) {
            let list = expr[at + word.len()..].split(')').next().unwrap_or_default();
            let strange = list.split(',').map(str::trim).filter(|label| !labels.contains(label));
            found.extend(strange.map(|label| format!("no metric of it has the label {label}")));
        }
    }
    found
}

fn is_balanced(expr: &str) -> bool {
    let mut open = Vec::new();
    let mut quoted = false;
    for c in expr.chars() {
        match c {
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' => open.push(')'),
            '[' => open.push(']'),
            '{' => open.push('}'),
            ')' | ']' | '}' if open.pop() != Some(c) => return false,
            _ => {}
        }
    }
    open.is_empty() && !quoted
}

/// Stages are pinned; the last one has a user without rights, an init process and a health check.
fn container(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let arguments = |word: &str| -> Vec<&str> {
        text.lines().filter_map(|line| line.strip_prefix(word)?.strip_prefix(' ')).collect()
    };
    for image in arguments("FROM").iter().filter_map(|from| from.split(' ').next()) {
        let tag = image.rsplit_once(':').map_or("", |(_, tag)| tag);
        if tag.matches('.').count() == 0 || !tag.starts_with(|c: char| c.is_ascii_digit()) {
            found.push(format!("{CONTAINER}: {image} is not pinned to a version"));
        }
    }
    let user = arguments("USER").last().copied().unwrap_or("root");
    if !user.starts_with(|c: char| ('1'..='9').contains(&c)) {
        found.push(format!("{CONTAINER}: runs as {user}; name a user by a number above 0"));
    }
    for (word, what) in [("ENTRYPOINT", "tini"), ("HEALTHCHECK", "status")] {
        if !arguments(word).last().is_some_and(|arguments| arguments.contains(what)) {
            found.push(format!("{CONTAINER}: {word} does not call {what}"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    const PAGE: &str = "| `trimtab_keys` | gauge | keys | `controller`, `state` | x | y |\n\
                        | `trimtab_run_seconds` | histogram | seconds | `controller` | x | y |\n";

    #[test]
    fn an_expression_names_metrics_and_labels_that_exist() {
        let metrics = metrics(PAGE);
        let wrong = |expr: &str| expression(&metrics, expr).len();
        assert_eq!(wrong(r#"sum by (controller) (trimtab_keys{state=~"a|}", instance!="b"})"#), 0);
        assert_eq!(wrong("sum by (le) (rate(trimtab_run_seconds_bucket[5m]))"), 0);
        assert_eq!(wrong("trimtab_run_seconds > 1"), 1);
        assert_eq!(wrong(r#"trimtab_keys{result="done"}"#), 1);
        assert_eq!(wrong("sum by (result) (trimtab_keys)"), 1);
        assert_eq!(wrong("sum(trimtab_keys"), 1);
    }

    #[test]
    fn a_rule_has_an_expression_a_summary_and_a_page() {
        let files = [file("docs/when.md", "# When\n## It fails\n")];
        let rule = |lines: &str| alerts(&files, &metrics(PAGE), &format!("- alert: A\n{lines}")).len();
        let whole =
            "  expr: >-\n    trimtab_keys\n    > 1\n  summary: It fails.\n  runbook: docs/when.md#it-fails\n";
        assert_eq!(rule(whole), 0);
        assert_eq!(rule(&whole.replace("#it-fails", "#it-works")), 1);
        assert_eq!(rule(&whole.replace("trimtab_keys", "trimtab_kings")), 1);
        assert_eq!(rule(""), 3);
    }

    #[test]
    fn a_container_is_pinned_and_not_root() {
        let good = "FROM debian:12.11-slim\nUSER 65532\nHEALTHCHECK CMD trimtab status\nENTRYPOINT tini\n";
        assert!(container(good).is_empty());
        assert_eq!(container(&good.replace("12.11-slim", "latest")).len(), 1);
        assert_eq!(container(&good.replace("USER 65532\n", "")).len(), 1);
        assert_eq!(container(&good.replace("tini", "trimtab")).len(), 1);
    }
}
