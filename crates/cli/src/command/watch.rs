//! `trimtab watch`: what happens to a kind, as it happens.

use std::io::{Write, stdout};

use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::value::RawValue;
use trimtab::store::Timestamp;

use super::Exit;
use super::selector::selector;
use crate::client::{Everywhere, Failure, Held, News, Reach, Wanted, Watched, until_interrupted, wanted};
use crate::show::{Style, key_text, place_text, shielded, visible};

const EXAMPLE: &str = "\
Examples:
  trimtab watch sites                  a line for each change
  trimtab watch site blog -o json      the API's events, one a line
  trimtab watch sites --from 00ff-12   what has come after this position

It goes on by itself, without gap, when the connection or the daemon breaks off, and ends at Ctrl-C with 0.
Exit codes: 0 done, 3 there is no such kind, 5 the daemon cannot be reached at the beginning";

/// `trimtab watch`.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Watch {
    /// The kind, in singular or plural; or kind/name.
    kind: String,
    /// One name; left out: all of the kind.
    name: Option<String>,
    /// Only entries whose labels match.
    #[arg(short = 'l', long, value_name = "LABELS", value_parser = selector)]
    selector: Option<String>,
    /// Begin after this position, which `-o json` shows as `id`; left out: with what is there.
    #[arg(long, value_name = "POSITION")]
    from: Option<String>,
    /// A line for people, or for programs.
    #[arg(short, long, value_enum, value_name = "FORM")]
    output: Option<Lines>,
    #[command(flatten)]
    within: Everywhere,
    #[command(flatten)]
    reach: Reach,
}

/// How events are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Lines {
    /// Time, what became of it, which entry, its generation.
    Table,
    /// Objects with `event`, `id` and the API's `data`, one a line.
    Json,
}

/// An event, as the API told it.
#[derive(Serialize)]
struct Line<'a> {
    event: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    id: &'a str,
    data: &'a RawValue,
}

impl Watch {
    /// Prints what happens until it is interrupted.
    pub(crate) fn execute(self) -> Result<Exit, Failure> {
        let words: Vec<String> = std::iter::once(self.kind.clone()).chain(self.name.clone()).collect();
        let wanted = wanted(&words)?;
        let [Wanted { kind, names }] = &wanted[..] else {
            return Err(Failure::usage("one kind can be watched at a time"));
        };
        if names.len() > 1 {
            return Err(Failure::usage("one entry can be watched, or all of a kind: name one, or none"));
        }
        let client = self.reach.client()?;
        let watched = Watched {
            kind: client.kind(kind)?,
            name: names.first().cloned(),
            namespace: self.within.namespace().map(str::to_owned),
            partition: self.within.partition().map(str::to_owned),
            selector: self.selector.clone(),
            from: self.from.clone(),
        };
        let mut watch = client.watch(watched, self.reach.is_quiet());
        let seams = client.seams().clone();
        let mut held = Held::default();
        let style = Style::of_process();
        let style = if self.output.is_some() { style.aligned() } else { style };
        until_interrupted(client.seams(), move || {
            let followed = watch.follow(|event, told| {
                let mut out = stdout().lock();
                if self.output == Some(Lines::Json) {
                    let data = serde_json::from_str(&event.data);
                    let data =
                        data.map_err(|error| Failure::failed(format!("an event is no JSON: {error}")))?;
                    let id = if event.name == "snapshot" { "" } else { &event.id };
                    let line = serde_json::to_string(&Line { event: &event.name, id, data });
                    writeln!(out, "{}", shielded(&line.expect("texts are JSON")))?;
                } else {
                    let now = Timestamp::from(seams.wall());
                    for news in held.news(told) {
                        writeln!(out, "{}", line(now, &news, style))?;
                    }
                }
                Ok(out.flush()?)
            });
            followed.map(|never| match never {})
        })
    }
}

/// `2026-03-01T12:00:00.000Z  created   site/blog  1`
fn line(now: Timestamp, news: &News, style: Style) -> String {
    let generation = news.entry.as_ref().and_then(|entry| entry.meta.as_ref()).map(|meta| meta.generation);
    let generation = generation.map_or("-".to_owned(), |generation| generation.to_string());
    let place = place_text(&news.key);
    let place = if place == "default" { String::new() } else { format!(" ({place})") };
    let key = format!("{}{place}", key_text(&news.key));
    let (what, key) = (news.what.as_str(), visible(&key));
    if style.is_aligned {
        format!("{now}  {what:<8}  {key}  {generation}")
    } else {
        format!("{now}\t{what}\t{key}\t{generation}")
    }
}
