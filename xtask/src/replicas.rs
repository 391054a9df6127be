//! The test of the whole program in three replicas, for longer than CI has time for.

use crate::Outcome;
use crate::process::{self, cargo};

const USAGE: &str = "usage: cargo xtask replicas [--minutes N] [--store etcd|consul] [--seed N]";
const MINUTES: &str = "30";

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
struct Asked<'a> {
    minutes: &'a str,
    /// Both, one after the other, when none is named.
    store: Option<&'a str>,
    /// Another one each time, when none is given.
    seed: Option<&'a str>,
}

/// Rounds of all faults for so many minutes; the seed that it prints gives the same order again.
pub(crate) fn run(arguments: &[String]) -> Outcome {
    let Asked { minutes, store, seed } = asked(arguments)?;
    let mut command = cargo(&["test", "--package", "trimtab-cli", "--test", "replicas", "--"]);
    let name = store.map_or_else(|| "three_replicas_on".into(), |store| format!("three_replicas_on_{store}"));
    command.args([&name, "--nocapture"]).env("TRIMTAB_REPLICAS_MINUTES", minutes);
    if let Some(seed) = seed {
        command.env("TRIMTAB_REPLICAS_SEED", seed);
    }
    process::run(&mut command)
}

fn asked(arguments: &[String]) -> Result<Asked<'_>, String> {
    let mut asked = Asked { minutes: MINUTES, store: None, seed: None };
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let value = || {
            rest.clone()
                .next()
                .map(String::as_str)
                .ok_or_else(|| format!("{argument} needs a value\n{USAGE}"))
        };
        let number = || {
            let value = value()?;
            let is_one = value.parse::<u32>().is_ok_and(|number| number > 0);
            if is_one {
                Ok(value)
            } else {
                Err(format!("{argument} must be a number above 0, not `{value}`\n{USAGE}"))
            }
        };
        match argument.as_str() {
            "--minutes" => asked.minutes = number()?,
            "--seed" => asked.seed = Some(number()?),
            "--store" => match value()? {
                store @ ("etcd" | "consul") => asked.store = Some(store),
                other => return Err(format!("--store must be etcd or consul, not `{other}`\n{USAGE}")),
            },
            other => return Err(format!("no option `{other}`\n{USAGE}")),
        }
        rest.next();
    }
    Ok(asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn what_is_not_said_has_its_default() {
        assert_eq!(asked(&[]), Ok(Asked { minutes: "30", store: None, seed: None }));
        let given = words("--store consul --minutes 5 --seed 7");
        assert_eq!(asked(&given), Ok(Asked { minutes: "5", store: Some("consul"), seed: Some("7") }));
    }

    #[test]
    fn what_cannot_be_is_told_with_what_can() {
        for (line, wanted) in [
            ("--minutes", "--minutes needs a value"),
            ("--minutes soon", "a number above 0, not `soon`"),
            ("--store redis", "must be etcd or consul"),
            ("--hours 2", "no option `--hours`"),
        ] {
            let told = asked(&words(line)).unwrap_err();
            assert!(told.contains(wanted) && told.contains(USAGE), "{told}");
        }
    }
}
