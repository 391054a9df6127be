//! `trimtab get`: entries, in every form.

use std::io::{BufWriter, Write, stdout};

use clap::Args;
use trimtab::store::Document;
use trimtab_http::wire::{EntryList, ProblemKind};

use super::Exit;
use super::selector::selector;
use crate::client::{Client, Everywhere, Failure, Held, Reach, Wanted, Watched, until_interrupted, wanted};
use crate::show::{Entries, Failing, Form, Live, Output, visible};

const EXAMPLE: &str = "\
Examples:
  trimtab get sites                            those of the namespace `default`
  trimtab get site blog docs                   by name; site/blog site/docs is the same
  trimtab get sites -A -l tier=web -o wide     by label, in every namespace
  trimtab get site/blog -o pointer=/spec/port  one value, for a script
  trimtab get sites -w                         and go on with what changes
  trimtab get sites -A -o yaml                 for `apply -f -` and `delete -f -`: it names the namespace, `-o name` does not

READY is the condition of this type: `-` nobody has said yet, or not of this generation; `!` its key fails.
Exit codes: 0 done, 3 a kind or a name is not there, 5 the daemon cannot be reached";

/// `trimtab get`.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Get {
    /// The kind, in singular or plural; or kind/name.
    kind: String,
    /// Names; left out: all of the kind.
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Only entries whose labels match: `tier=web, region in (north, south), !legacy`.
    #[arg(short = 'l', long, value_name = "LABELS", value_parser = selector)]
    selector: Option<String>,
    /// Go on with every change, until Ctrl-C.
    #[arg(short, long)]
    watch: bool,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    within: Everywhere,
    #[command(flatten)]
    reach: Reach,
}

impl Get {
    /// Prints them.
    pub(crate) fn execute(self) -> Result<Exit, Failure> {
        let wanted = wanted(&[vec![self.kind.clone()], self.names.clone()].concat())?;
        let has_names = wanted.iter().any(|wanted| !wanted.names.is_empty());
        if has_names && self.selector.is_some() {
            return Err(Failure::usage("-l selects among all of a kind: leave out the names, or -l"));
        }
        let client = self.reach.client()?;
        let known = client.known_kinds()?;
        let mut found = Found::nothing();
        for Wanted { kind, names } in &wanted {
            let kind = known.resolve(kind)?;
            if names.is_empty() {
                found.take_list(client.list(&kind, &self.within, self.selector.as_deref())?);
            } else {
                self.take_named(&client, &kind, names, &mut found)?;
            }
            found.kinds.push(kind);
        }
        if self.watch {
            return self.follow(&client, found, &wanted);
        }
        self.print(&client, &found, &wanted)
    }

    /// Each by its name; what is not there is told after what is.
    fn take_named(
        &self,
        client: &Client,
        kind: &str,
        names: &[String],
        found: &mut Found,
    ) -> Result<(), Failure> {
        let within = self.within.one()?;
        for name in names {
            match client.get(&["v1", "entries", kind, name]).within(within).send::<Document>() {
                Ok(answer) => {
                    found.list.items.push(answer.body);
                    found.list.position = answer.index.unwrap_or_default();
                }
                Err(failure) if failure.kind() == Some(ProblemKind::NotFound) => found.absent.push(failure),
                Err(failure) => return Err(failure),
            }
        }
        Ok(())
    }

    fn entries(&self, client: &Client, found: &Found) -> Result<Entries, Failure> {
        let (form, style) = self.output.form();
        let mut failing = Vec::new();
        if matches!(form, Form::Table | Form::Wide) {
            for kind in &found.kinds {
                failing.extend(client.failing(kind)?);
            }
        }
        Ok(Entries {
            form,
            style,
            failing: Failing::of(failing),
            has_kinds: found.kinds.len() > 1,
            now: client.seams().wall(),
        })
    }

    fn print(&self, client: &Client, found: &Found, wanted: &[Wanted]) -> Result<Exit, Failure> {
        let entries = self.entries(client, found)?;
        let mut out = BufWriter::new(stdout().lock());
        let is_one = matches!(wanted, [one] if one.names.len() == 1);
        match &found.list.items[..] {
            [entry] if is_one => {
                if let Form::Pointer(pointer) = &entries.form
                    && !pointer.is_in(entry)
                {
                    return Err(Failure::not_found(format!(
                        "{}/{} has nothing at `{}`",
                        entry.kind,
                        entry.name,
                        pointer.as_str()
                    ))
                    .hint("`-o json` shows what it has"));
                }
                entries.alone(entry, &mut out)?;
            }
            // The one that was named is not there: nothing is to be read.
            [] if is_one => {}
            _ => entries.list(&found.list, &mut out)?,
        }
        out.flush()?;
        drop(out);
        if entries.form == Form::Name && !self.reach.is_quiet() && lie_apart(&found.list.items) {
            eprintln!(
                "warning: these lie in several namespaces, which `-o name` does not tell; `-o yaml` does, for `apply -f -` and `delete -f -`"
            );
        }
        self.tell(found);
        Ok(found.absent.iter().fold(Exit::Done, |_, absent| absent.tell()))
    }

    /// What is no data.
    fn tell(&self, found: &Found) {
        for stuck in &found.list.unreadable {
            let what = format!("{}/{} cannot be read: {}", stuck.key.kind, stuck.key.name, stuck.error);
            eprintln!("warning: {}", visible(&what));
        }
        let is_empty = found.list.items.is_empty() && found.absent.is_empty();
        if is_empty && found.list.unreadable.is_empty() && !self.reach.is_quiet() {
            let place = match self.within.namespace() {
                Some("*") => "any namespace".to_owned(),
                named => format!("namespace {}", named.unwrap_or("default")),
            };
            let place = match self.within.partition() {
                Some("*") => format!("{place} of any partition"),
                Some(partition) => format!("{place} of partition {partition}"),
                None => place,
            };
            let labels = if self.selector.is_some() { " with these labels" } else { "" };
            eprintln!("{}", visible(&format!("there is no {}{labels} in {place}", found.kinds.join(", "))));
        }
    }

    fn follow(self, client: &Client, found: Found, wanted: &[Wanted]) -> Result<Exit, Failure> {
        let [Wanted { names, .. }] = wanted else {
            return Err(Failure::usage("one kind can be watched at a time"));
        };
        if names.len() > 1 {
            return Err(Failure::usage("one entry can be watched, or all of a kind: name one, or none"));
        }
        if let Some(absent) = found.absent.into_iter().next() {
            return Err(absent);
        }
        let found = Found { absent: Vec::new(), ..found };
        let entries = self.entries(client, &found)?;
        let watched = Watched {
            kind: found.kinds[0].clone(),
            name: names.first().cloned(),
            namespace: self.within.namespace().map(str::to_owned),
            partition: self.within.partition().map(str::to_owned),
            selector: self.selector.clone(),
            from: Some(found.list.position.clone()),
        };
        let mut held = Held::of(&found.list.items);
        let mut live = Live::after(entries, &found.list.items, &mut stdout().lock())?;
        self.tell(&found);
        let mut watch = client.watch(watched, self.reach.is_quiet());
        let seams = client.seams().clone();
        until_interrupted(client.seams(), move || {
            let followed = watch.follow(|_, told| {
                for news in held.news(told) {
                    live.change(&news.key, news.entry.as_ref(), seams.wall(), &mut stdout().lock())?;
                }
                Ok(())
            });
            followed.map(|never| match never {})
        })
    }
}

/// Whether no single `-n` would name all of them.
fn lie_apart(entries: &[Document]) -> bool {
    let place = |entry: &Document| (entry.namespace.clone(), entry.partition.clone());
    entries.windows(2).any(|two| place(&two[0]) != place(&two[1]))
}

/// What was found so far.
struct Found {
    kinds: Vec<String>,
    list: EntryList,
    absent: Vec<Failure>,
}

impl Found {
    fn nothing() -> Self {
        let list =
            EntryList { items: Vec::new(), position: String::new(), next: None, unreadable: Vec::new() };
        Self { kinds: Vec::new(), list, absent: Vec::new() }
    }

    fn take_list(&mut self, list: EntryList) {
        self.list.items.extend(list.items);
        self.list.unreadable.extend(list.unreadable);
        self.list.position = list.position;
    }
}
