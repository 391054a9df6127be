//! `trimtab describe`: why an entry stands where it stands.

use std::io::{BufWriter, Write, stdout};

use clap::Args;
use trimtab_http::wire::Description;

use super::Exit;
use crate::client::{Client, Failure, Reach, Tenancies, wanted};
use crate::show::{Few, Style, describe, pretty, value_yaml};

const EXAMPLE: &str = "\
Examples:
  trimtab describe site blog
  trimtab describe site/blog -o json

It tells what the entry is, who owns it and what it owns, what holds its deletion, and for each controller where its key
stands, why, what failed, when it runs next and how its last runs ended.
Exit codes: 0 done, 3 a kind or a name is not there, 5 the daemon cannot be reached";

/// `trimtab describe`.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Describe {
    /// The kind, in singular or plural; or kind/name.
    kind: String,
    /// Names.
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// How it is printed.
    #[arg(short, long, value_enum, default_value_t = Few::Table, value_name = "FORM")]
    output: Few,
    #[command(flatten)]
    within: Tenancies,
    #[command(flatten)]
    reach: Reach,
}

impl Describe {
    /// Prints everything that is known.
    pub(crate) fn execute(self) -> Result<Exit, Failure> {
        let wanted = wanted(&[vec![self.kind.clone()], self.names.clone()].concat())?;
        if wanted.iter().any(|wanted| wanted.names.is_empty()) {
            let kind = &self.kind;
            return Err(Failure::usage(format!("say which {kind}: `trimtab describe {kind} NAME`"))
                .hint(format!("`trimtab get {kind}` lists them")));
        }
        let client = self.reach.client()?;
        let known = client.known_kinds()?;
        let mut out = BufWriter::new(stdout().lock());
        let mut is_first = true;
        for wanted in &wanted {
            let kind = known.resolve(&wanted.kind)?;
            for name in &wanted.names {
                let request = client.get(&["v1", "entries", &kind, name, "description"]).within(&self.within);
                let description: Description = request.send()?.body;
                if !std::mem::take(&mut is_first) && self.output == Few::Table {
                    writeln!(out)?;
                }
                self.print(&client, &description, &mut out)?;
            }
        }
        out.flush()?;
        Ok(Exit::Done)
    }

    fn print(&self, client: &Client, description: &Description, out: &mut impl Write) -> Result<(), Failure> {
        let unshown = |error: String| Failure::failed(format!("the description cannot be shown: {error}"));
        match self.output {
            Few::Table => {
                let is_reconciled = !description.controllers.is_empty();
                let watchers =
                    if is_reconciled { Vec::new() } else { client.watchers(&description.key.kind)? };
                let style = Style::of_process().aligned();
                describe(description, &watchers, style, client.seams().wall(), out)?;
            }
            Few::Json => {
                let json = serde_json::to_string(description).map_err(|error| unshown(error.to_string()))?;
                writeln!(out, "{}", pretty(&json))?;
            }
            Few::Yaml => {
                // Raw JSON within is read, so that it is YAML too.
                let value = serde_json::to_string(description).and_then(|json| serde_json::from_str(&json));
                let value: serde_json::Value =
                    value.map_err(|error: serde_json::Error| unshown(error.to_string()))?;
                write!(out, "---\n{}", value_yaml(&value).map_err(unshown)?)?;
            }
        }
        Ok(())
    }
}
