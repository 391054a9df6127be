//! What may be typed to say which daemon is meant, by which right, and where in it.

use std::ffi::OsString;
use std::path::Path;

use clap::Args;

use super::address::DEFAULT;
use super::{Address, Client, Failure, token, trust};

/// Which daemon, and by which right. For every command that asks one.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Reach")]
pub(crate) struct Reach {
    /// Where the daemon is; default: `http://127.0.0.1:7420`.
    ///
    /// Before the default comes `TRIMTAB_API`, which the daemon gives to the scripts it runs.
    #[arg(long, value_name = "URL", env = "TRIMTAB_SERVER", hide_env_values = true)]
    server: Option<String>,
    /// The file that holds the token.
    ///
    /// One line, as `trimtab token` prints it.
    #[arg(long, value_name = "FILE", env = "TRIMTAB_TOKEN_FILE", hide_env_values = true)]
    token_file: Option<OsString>,
    /// A PEM file of whom to trust for https.
    ///
    /// Without it: whom the system trusts.
    #[arg(long, value_name = "FILE", env = "TRIMTAB_AUTHORITY", hide_env_values = true)]
    authority: Option<OsString>,
    /// Tell each request on standard error.
    #[arg(short, long)]
    verbose: bool,
    /// Say nothing on standard error but errors.
    #[arg(short, long, conflicts_with = "verbose")]
    quiet: bool,
}

/// Where entries lie.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Tenancies {
    /// The namespace; default: `default`.
    #[arg(short, long, value_name = "NAME", env = "TRIMTAB_NAMESPACE", hide_env_values = true)]
    namespace: Option<String>,
    /// The partition; default: `default`.
    #[arg(long, value_name = "NAME", env = "TRIMTAB_PARTITION", hide_env_values = true)]
    partition: Option<String>,
}

/// Where entries lie, several namespaces included. For commands that list.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Everywhere {
    #[command(flatten)]
    tenancies: Tenancies,
    /// Every namespace of the partition.
    #[arg(short = 'A', long)]
    all_namespaces: bool,
}

impl Reach {
    /// The client that this makes.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        self.client_with(|name| std::env::var(name).ok())
    }

    fn client_with(&self, variable: impl Fn(&str) -> Option<String>) -> Result<Client, Failure> {
        // An empty variable says nothing.
        let said = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let url = said(&self.server).or_else(|| said(&variable("TRIMTAB_API")));
        let address = Address::parse(url.as_deref().unwrap_or(DEFAULT))?;
        let token_file = named(self.token_file.as_ref());
        let token = token_file.map(token::read).transpose()?;
        if let Some(what) = token_file.filter(|_| !self.quiet).and_then(token::exposed) {
            eprintln!("warning: {}", crate::show::visible(&what));
        }
        let tls = address.is_tls().then(|| trust::trust(named(self.authority.as_ref()))).transpose()?;
        if token.is_some() && !address.is_tls() && !address.is_loopback() && !self.quiet {
            eprintln!(
                "warning: the token goes to {address} as plain text, which others on the way can read; use https"
            );
        }
        Ok(Client::new(address, token, tls, self.verbose))
    }

    /// Whether nothing but errors is to be said on standard error.
    pub(crate) const fn is_quiet(&self) -> bool {
        self.quiet
    }
}

fn named(file: Option<&OsString>) -> Option<&Path> {
    file.filter(|name| !name.is_empty()).map(Path::new)
}

impl Tenancies {
    /// The namespace that is meant, when one was named.
    pub(crate) fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref().filter(|name| !name.is_empty())
    }

    /// The partition that is meant, when one was named.
    pub(crate) fn partition(&self) -> Option<&str> {
        self.partition.as_deref().filter(|name| !name.is_empty())
    }
}

impl Everywhere {
    /// The namespace that is meant, when one was named; `*`: every one.
    pub(crate) fn namespace(&self) -> Option<&str> {
        if self.all_namespaces { Some("*") } else { self.tenancies.namespace() }
    }

    /// The partition that is meant, when one was named.
    pub(crate) fn partition(&self) -> Option<&str> {
        self.tenancies.partition()
    }

    /// One namespace and one partition, for what has a name.
    pub(crate) fn one(&self) -> Result<&Tenancies, Failure> {
        if self.namespace() == Some("*") || self.partition() == Some("*") {
            return Err(Failure::usage(
                "an entry that is named lies in one namespace: leave out -A, or the name",
            ));
        }
        Ok(&self.tenancies)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_taken_from_the_flag_else_from_what_scripts_are_given_else_it_is_here() {
        let address = |server: Option<&str>, api: Option<&str>| {
            let reach = Reach { server: server.map(str::to_owned), ..Reach::default() };
            let client = reach.client_with(|name| {
                assert_eq!(name, "TRIMTAB_API");
                api.map(str::to_owned)
            });
            client.unwrap().address().to_string()
        };
        assert_eq!(address(Some("http://a:1"), Some("http://b:1")), "http://a:1");
        assert_eq!(address(None, Some("http://b:1")), "http://b:1");
        assert_eq!(address(Some(""), Some("")), DEFAULT, "an empty variable says nothing");
    }

    #[test]
    fn every_namespace_goes_before_a_named_one_and_not_with_a_name() {
        let named = Tenancies { namespace: Some("shop".into()), partition: Some(String::new()) };
        let here = Everywhere { tenancies: named.clone(), all_namespaces: false };
        assert_eq!((here.namespace(), here.partition()), (Some("shop"), None));
        assert!(here.one().is_ok());
        let everywhere = Everywhere { tenancies: named, all_namespaces: true };
        assert_eq!(everywhere.namespace(), Some("*"));
        assert!(everywhere.one().unwrap_err().to_string().contains("leave out -A"));
    }
}
