//! Ours and the peers' side by side: runs every program that both have, in turns, and says which targets are met.
//!
//! ```sh
//! cargo xtask bench compare           # 3 turns; the Go peers where Go is, kube-rs, and the disk
//! cargo xtask bench compare 5 idle    # 5 turns of the rows whose name has this in it; a peer that no row needs is not run
//! ```
//!
//! A ratio is that of the minima over the turns, and that of the medians beside it. Absolute times say the order of magnitude only: what else runs on the
//! machine is in them, and in the peers' as well. Prints Markdown: `docs/benchmarks.md` holds its last table.

mod rows;
mod runs;

use std::process::ExitCode;

use rows::{Figure, ROWS, Row};
use runs::{Program, Runs};

fn main() -> ExitCode {
    let (numbers, parts): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|argument| argument.parse::<usize>().is_ok());
    let turns = numbers.first().and_then(|number| number.parse().ok()).unwrap_or(3);
    let wanted = |row: &&Row| parts.is_empty() || parts.iter().any(|part| row.work.contains(part.as_str()));
    let rows: Vec<&Row> = ROWS.iter().filter(wanted).collect();
    match compare(&rows, turns) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("failed to {error}");
            ExitCode::FAILURE
        }
    }
}

fn compare(rows: &[&Row], turns: usize) -> Result<(), String> {
    let figures: Vec<_> = rows.iter().flat_map(|row| row.figures()).collect();
    let needed = |program: &Program| figures.iter().any(|figure| figure.program == *program);
    let programs: Vec<Program> = Program::ALL.into_iter().filter(needed).collect();
    let built: Vec<Program> = programs.into_iter().filter(|program| runs::build(*program)).collect();
    let mut runs = Runs::default();
    let before = runs::load();
    for turn in 1..=turns {
        for program in &built {
            if turn > 1 && program.is_slow() {
                continue;
            }
            let of_it = figures.iter().filter(|figure| figure.program == *program);
            let mut cases: Vec<String> = of_it.map(Figure::chosen).collect();
            cases.sort();
            cases.dedup();
            eprintln!("turn {turn} of {turns}: {program:?}");
            runs.run(*program, &cases)?;
        }
    }
    println!("Load {before} before, {} after; {turns} turns.\n", runs::load());
    println!("| work | ours | theirs | ratio | of medians | target | |\n|---|---|---|---|---|---|---|");
    rows.iter().for_each(|row| println!("{}", row.line(&runs)));
    Ok(())
}
