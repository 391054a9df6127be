//! One command per intent, the same on a developer's machine and in CI.
//!
//! Cargo's own commands need the right words in the right order; this holds them once. It calls cargo and reads files, and builds
//! nothing by itself.

mod bench;
mod check;
mod contrib;
mod dependencies;
mod metrics;
mod process;
mod protos;
mod replicas;
mod test;
mod tidy;

use std::process::ExitCode;

/// What a command answers: nothing, or what went wrong, told to a person.
type Outcome = Result<(), String>;

const HELP: &str = "\
usage: cargo xtask COMMAND

  check   formatting, lints (warnings are errors), docs, tidy, dependencies, contrib
  test    every test of the workspace
  loom    the model checks of the queue's concurrent shell
  crash   1,000 kill -9 of a committing process, and the power-loss points at full length
  replicas
          three replicas of the binary on real servers, killed, cut off and frozen, for 30 minutes [--minutes N] [--store etcd|consul] [--seed N]
  bench   the benches of bench/ [NAME ...], or beside the peers: `bench compare [TURNS] [ROW ...]`
  docs    the documentation of the workspace; warnings are errors
  tidy    what compilers cannot see: lengths, head comments, behaviour ids, proofs, markers, links
  metrics docs/metrics.md anew, from the tables in the code
  contrib alert rules, dashboard and unit, judged by promtool and systemd-analyze where they are installed
  protos  the code that speaks etcd's protocol anew, from crates/etcd/proto
  deps    licences, duplicate versions and the number of dependencies
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = arguments.split_first().map_or(("help", &[][..]), |(first, rest)| (first, rest));
    let outcome = match command {
        "check" => check::all(),
        "test" => test::all(),
        "loom" => test::loom(),
        "crash" => test::crash(),
        "replicas" => replicas::run(rest),
        "bench" => bench::run(rest),
        "docs" => check::docs(),
        "tidy" => tidy::run(),
        "metrics" => metrics::write(),
        "contrib" => contrib::run_all(),
        "protos" => protos::write(),
        "deps" => dependencies::run(),
        "help" | "-h" | "--help" => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        other => Err(format!("no command `{other}`\n\n{HELP}")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(what) => {
            eprintln!("{what}");
            ExitCode::FAILURE
        }
    }
}
