//! `trimtab schema`: the JSON Schemas, for editors and tests.

use clap::{Args, ValueEnum};

use super::Exit;
use super::print::print;
use crate::client::Failure;
use crate::config::settings;

const EXAMPLE: &str = "\
Example:
  trimtab schema file > trimtab.schema.json    for an editor";

/// `trimtab schema`.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Schema {
    /// Of what.
    #[arg(value_enum)]
    pub(crate) of: Of,
}

/// What there is a schema of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Of {
    /// trimtab.toml.
    File,
    /// What a reconciler is given.
    Input,
    /// What it answers.
    Output,
    /// The line that a persistent worker answers.
    Reply,
    /// What a `map` is given.
    MapInput,
    /// What it answers.
    MapOutput,
}

impl Schema {
    /// Prints it.
    pub(crate) fn execute(&self) -> Result<Exit, Failure> {
        let schema = match self.of {
            Of::File => settings::schema(&settings::ROOT),
            Of::Input => trimtab_polyglot::schema::input(),
            Of::Output => trimtab_polyglot::schema::output(),
            Of::Reply => trimtab_polyglot::schema::reply(),
            Of::MapInput => trimtab_polyglot::schema::map_input(),
            Of::MapOutput => trimtab_polyglot::schema::map_output(),
        };
        print(format!("{schema:#}\n"))?;
        Ok(Exit::Done)
    }
}
