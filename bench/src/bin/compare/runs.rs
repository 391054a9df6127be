//! The programs, and what they have printed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::rows::Figure;

/// A program that measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Program {
    Queue,
    Reconcile,
    Durable,
    /// `peers/`, where Go is.
    Go,
    /// `kube/`.
    Kube,
}

impl Program {
    pub(crate) const ALL: [Self; 5] = [Self::Queue, Self::Go, Self::Reconcile, Self::Kube, Self::Durable];

    /// Whether its rounds are its own and it is run once.
    pub(crate) const fn is_slow(self) -> bool {
        matches!(self, Self::Durable)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Reconcile => "reconcile",
            Self::Durable => "durable",
            Self::Go => "trimtab-bench-peers",
            Self::Kube => "trimtab-bench-kube",
        }
    }

    /// Beside this program, where cargo puts them all.
    fn path(self) -> PathBuf {
        let this = std::env::current_exe().expect("a program has a path");
        this.with_file_name(self.name())
    }

    fn build(self) -> Command {
        let bench = Path::new(env!("CARGO_MANIFEST_DIR"));
        let this = std::env::current_exe().expect("a program has a path");
        let target = this.ancestors().nth(2).expect("cargo puts it two folders deep").to_owned();
        let mut command = Command::new(if self == Self::Go { "go" } else { "cargo" });
        match self {
            Self::Go => {
                command.current_dir(bench.join("peers")).args(["build", "-o"]).arg(self.path()).arg(".")
            }
            Self::Kube => command.current_dir(bench.join("kube")).args(["build", "--release", "--quiet"]),
            _ => command.current_dir(bench).args(["build", "--release", "--quiet", "--bin", self.name()]),
        };
        command.env("CARGO_TARGET_DIR", target);
        command
    }

    fn arguments(self, cases: &[String]) -> Vec<String> {
        match self {
            Self::Go => vec!["-rounds".into(), "1".into(), "-cases".into(), cases.join(",")],
            Self::Kube => vec!["1".into()],
            Self::Durable => vec!["5".into(), "100000".into()],
            Self::Queue | Self::Reconcile => {
                std::iter::once("1".to_owned()).chain(cases.to_owned()).collect()
            }
        }
    }
}

/// Builds a program. False, and said, when it cannot be: its rows stay empty.
pub(crate) fn build(program: Program) -> bool {
    let built = program.build().stdout(Stdio::null()).status().is_ok_and(|status| status.success());
    if !built {
        eprintln!("{program:?} cannot be built here; its rows stay empty");
    }
    built
}

/// The load of the last minute, as the system tells it.
pub(crate) fn load() -> String {
    let loads = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    loads.split(' ').next().unwrap_or("unknown").to_owned()
}

/// What was printed, by program, peer, case, number and figure.
#[derive(Default)]
pub(crate) struct Runs(BTreeMap<(Program, String, String, u64, String), Vec<f64>>);

impl Runs {
    /// Runs a program once and keeps what it says.
    pub(crate) fn run(&mut self, program: Program, cases: &[String]) -> Result<(), String> {
        let run =
            Command::new(program.path()).args(program.arguments(cases)).stderr(Stdio::inherit()).output();
        let output = run.map_err(|error| format!("run {}: {error}", program.path().display()))?;
        if !output.status.success() {
            return Err(format!("run {}: it ended by {}", program.path().display(), output.status));
        }
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            let line: Value =
                serde_json::from_str(line).map_err(|error| format!("read `{line}`: {error}"))?;
            let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
            let n = line["n"].as_u64().unwrap_or(0);
            for (name, value) in line.as_object().into_iter().flatten() {
                if let Some(value) = value.as_f64() {
                    let place = (program, text("peer"), text("case"), n, name.clone());
                    self.0.entry(place).or_default().push(value);
                }
            }
        }
        Ok(())
    }

    /// The least and the middle of what was measured.
    pub(crate) fn of(&self, figure: &Figure) -> Option<(f64, f64)> {
        let Figure { program, peer, case, n, name } = figure;
        let place = (*program, (*peer).to_owned(), (*case).to_owned(), *n, (*name).to_owned());
        let mut values = self.0.get(&place)?.clone();
        values.sort_by(f64::total_cmp);
        Some((*values.first()?, values[values.len() / 2]))
    }
}
