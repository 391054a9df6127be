//! `trimtab version`: of this program, and of the daemon.

use clap::Args;
use trimtab_http::wire::Cluster;

use super::Exit;
use super::print::print;
use crate::client::{Failure, Reach};
use crate::show::cluster::answering;
use crate::show::visible;

/// `trimtab version`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Example:\n  trimtab version --daemon")]
pub(crate) struct Version {
    /// Ask the daemon for its own too.
    #[arg(long)]
    daemon: bool,
    #[command(flatten)]
    reach: Reach,
}

impl Version {
    /// Prints them.
    pub(crate) fn execute(self) -> Result<Exit, Failure> {
        print(concat!("trimtab ", env!("CARGO_PKG_VERSION"), "\n"))?;
        if self.daemon {
            let client = self.reach.client()?;
            let cluster: Cluster = client.get(&["v1", "cluster"]).send()?.body;
            if let Some(replica) = answering(&cluster) {
                let line = format!("daemon {} at {}", replica.version, client.address());
                print(format!("{}\n", visible(&line)))?;
            }
        }
        Ok(Exit::Done)
    }
}
