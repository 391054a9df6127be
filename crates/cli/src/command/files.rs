//! `-f`: the files that a command is given.

use clap::Args;
use trimtab::backend::Tenancy;

use crate::client::{Failure, Tenancies};
use crate::documents::{Given, Purpose, Source, given};
use crate::show::visible;

/// The files that entries are read from.
#[derive(Clone, Debug, Args)]
pub(crate) struct Files {
    /// A file, a folder with everything in it, or `-` for standard input; repeatable.
    #[arg(short = 'f', long = "file", value_name = "FILE", required = true, value_parser = Source::parse)]
    sources: Vec<Source>,
}

impl Files {
    /// Reads them all, to be written.
    pub(crate) fn read(&self, tenancies: &Tenancies) -> Result<Vec<Given>, Failure> {
        read(&self.sources, tenancies, Purpose::Write)
    }
}

/// Reads every entry of these sources; when one is wrong, tells what is wrong with all of them.
pub(crate) fn read(
    sources: &[Source],
    tenancies: &Tenancies,
    purpose: Purpose,
) -> Result<Vec<Given>, Failure> {
    let default = Tenancy::default();
    let partition = tenancies.partition().unwrap_or(default.partition());
    let home = Tenancy::new(partition, tenancies.namespace().unwrap_or(default.namespace()));
    home.validate().map_err(|invalid| Failure::usage(invalid.to_string()))?;
    given(sources, &home, purpose).map_err(|problems| {
        let errors = problems.errors();
        let sorted = problems.sorted();
        for problem in &sorted {
            eprintln!("{}", visible(&problem.to_string()));
        }
        let mistakes = if errors == 1 { "mistake" } else { "mistakes" };
        let failure = Failure::failed(format!("{errors} {mistakes} to mend; nothing was done"));
        // The API's list, as `get -o json` prints it.
        if sorted.iter().any(|problem| problem.field == "items") {
            return failure
                .hint("a list of the API is no entry: `trimtab get KIND -o yaml` gives what is taken");
        }
        failure
    })
}
