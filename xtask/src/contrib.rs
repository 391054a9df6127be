//! What `contrib/` holds, judged by those it is for: Prometheus' promtool and systemd-analyze, where they are installed.
//!
//! The names of metrics and labels are compared by `tidy`, which needs no tool. These know what no text search does: whether an expression is one, whether a rule fires
//! when it should, whether a unit's directives exist, and what rights it leaves.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::Outcome;
use crate::process::{output, root, run};

/// The most rights the unit may have, in tenths on systemd's scale from 0 to 10: that of a service with a network and no privileges.
const MOST_EXPOSED: &str = "17";
/// Of the dashboard's variables, what Grafana puts there.
const VARIABLES: [(&str, &str); 2] = [("$__rate_interval", "5m"), ("$controller", ".*")];

pub(crate) fn run_all() -> Outcome {
    let built = root().join("target/contrib");
    fs::create_dir_all(&built).map_err(|error| format!("{}: {error}", built.display()))?;
    if is_here("promtool") {
        run(tool("promtool").args(["check", "rules", "contrib/alerts.yaml"]))?;
        run(tool("promtool").args(["test", "rules", "contrib/alerts.test.yaml"]))?;
        let panels =
            written(&built.join("dashboard.rules.yaml"), &as_rules(&text("contrib/dashboard.json")?)?)?;
        run(tool("promtool").args(["check", "rules", &panels]))?;
    }
    if is_here("systemd-analyze") {
        let unit =
            written(&built.join("trimtab.service"), &with_a_program(&text("contrib/trimtab.service")?))?;
        let told = told(tool("systemd-analyze").args(["verify", "--man=no", &unit]))?;
        let wrong: Vec<_> = told.lines().filter(|line| line.contains("trimtab.service")).collect();
        if !wrong.is_empty() {
            return Err(wrong.join("\n"));
        }
        let threshold = format!("--threshold={MOST_EXPOSED}");
        let rights = output(tool("systemd-analyze").args(["security", "--offline=true", &threshold, &unit]))?;
        println!("{}", rights.lines().last().unwrap_or_default());
    }
    Ok(())
}

fn is_here(name: &str) -> bool {
    let found = Command::new(name).arg("--version").output().is_ok();
    if !found {
        eprintln!("SKIPPED: {name} is not on this machine");
    }
    found
}

fn tool(name: &str) -> Command {
    let mut command = Command::new(name);
    command.current_dir(root());
    command
}

fn text(path: &str) -> Result<String, String> {
    fs::read_to_string(root().join(path)).map_err(|error| format!("{path}: {error}"))
}

/// The path, once the text is there.
fn written(path: &Path, text: &str) -> Result<String, String> {
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(path.display().to_string())
}

/// Both outputs, whatever the exit code says: unknown directives are warnings.
fn told(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    Ok(String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

/// Each expression of the dashboard as a rule, for a tool that reads rules. JSON is YAML.
fn as_rules(dashboard: &str) -> Result<String, String> {
    let board: Value = serde_json::from_str(dashboard).map_err(|error| format!("the dashboard: {error}"))?;
    let panels = board["panels"].as_array().into_iter().flatten();
    let targets = panels.flat_map(|panel| panel["targets"].as_array().into_iter().flatten());
    let expressions = targets.filter_map(|target| target["expr"].as_str());
    let rule = |(number, expression): (usize, &str)| {
        let expression = VARIABLES
            .iter()
            .fold(expression.to_owned(), |expression, (name, value)| expression.replace(name, value));
        json!({"record": format!("panel:{number}"), "expr": expression})
    };
    let rules: Vec<_> = expressions.enumerate().map(rule).collect();
    if rules.is_empty() {
        return Err("the dashboard shows nothing".into());
    }
    Ok(json!({"groups": [{"name": "dashboard", "rules": rules}]}).to_string())
}

/// The unit with a program that is on every machine: whether ours is installed here is not what is asked.
fn with_a_program(unit: &str) -> String {
    let line =
        |line: &str| if line.starts_with("ExecStart=") { "ExecStart=/bin/true" } else { line }.to_owned();
    unit.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_panel_becomes_a_rule_without_variables() {
        let board =
            r#"{"panels": [{"targets": [{"expr": "rate(a{b=~\"$controller\"}[$__rate_interval])"}]}]}"#;
        let rules: Value = serde_json::from_str(&as_rules(board).unwrap()).unwrap();
        assert_eq!(rules["groups"][0]["rules"][0]["expr"], r#"rate(a{b=~".*"}[5m])"#);
        assert!(as_rules(r#"{"panels": []}"#).is_err());
    }

    #[test]
    fn a_unit_keeps_all_but_its_program() {
        let unit = "[Service]\nExecStart=/usr/local/bin/trimtab run /etc/trimtab\nUMask=0077";
        assert_eq!(with_a_program(unit), "[Service]\nExecStart=/bin/true\nUMask=0077");
    }
}
