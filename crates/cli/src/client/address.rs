//! Where a daemon is.

use std::fmt;
use std::net::IpAddr;

use ureq::http::Uri;

use super::Failure;

/// Where a daemon is when nothing says so.
pub(crate) const DEFAULT: &str = "http://127.0.0.1:7420";

/// The URL of a daemon's API, without a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    url: String,
    host: String,
    tls: bool,
}

impl Address {
    /// # Errors
    /// What is wrong with the URL, and how one looks. A password in it is not repeated.
    pub(crate) fn parse(url: &str) -> Result<Self, Failure> {
        let wrong = |what: &str| {
            Err(Failure::usage(format!("the URL of the server {what}"))
                .hint(format!("write it as `{DEFAULT}`, by --server or TRIMTAB_SERVER")))
        };
        let uri: Uri = match url.trim().parse() {
            Ok(uri) => uri,
            Err(error) => return wrong(&format!("cannot be read: {error}")),
        };
        let tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return wrong("must begin with `http://` or `https://`"),
        };
        let Some(authority) = uri.authority() else { return wrong("names no host") };
        if authority.as_str().contains('@') {
            return wrong("must hold no user and no password: rights are given by --token-file");
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        if host.is_empty() {
            return wrong("names no host");
        }
        let port = authority.as_str()[authority.host().len()..].strip_prefix(':');
        if port.is_some_and(|port| !matches!(port.parse::<u16>(), Ok(1..))) {
            return wrong("must have a port from 1 to 65535");
        }
        if uri.query().is_some() {
            return wrong("must not have a query");
        }
        let scheme = if tls { "https" } else { "http" };
        let path = uri.path().trim_end_matches('/');
        Ok(Self { url: format!("{scheme}://{authority}{path}"), host, tls })
    }

    /// Whether it is on this machine, so that nobody listens in between and no proxy is asked.
    pub(crate) fn is_loopback(&self) -> bool {
        self.host.eq_ignore_ascii_case("localhost")
            || self.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// Whether it is asked by TLS.
    pub(crate) const fn is_tls(&self) -> bool {
        self.tls
    }

    /// The host alone.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_without_the_slash_at_its_end() {
        for (url, wanted, loopback) in [
            ("http://127.0.0.1:7420", "http://127.0.0.1:7420", true),
            (" http://[::1]:7420/ ", "http://[::1]:7420", true),
            ("http://localhost", "http://localhost", true),
            ("https://trimtab.example.org/api/", "https://trimtab.example.org/api", false),
            ("http://127.0.0.1.example.org:1", "http://127.0.0.1.example.org:1", false),
        ] {
            let address = Address::parse(url).unwrap();
            assert_eq!((address.to_string().as_str(), address.is_loopback()), (wanted, loopback));
        }
    }

    #[test]
    fn what_is_no_url_of_a_daemon_is_told_with_an_example_and_without_its_password() {
        for (url, wanted) in [
            ("127.0.0.1:7420", "must begin with `http://`"),
            ("ftp://h/", "must begin with `http://`"),
            ("not a url", "cannot be read"),
            ("", "cannot be read"),
            ("http://h:0", "a port from 1 to 65535"),
            ("http://h:99999", "a port from 1 to 65535"),
            ("http://u:hidden@h/", "no user and no password"),
            ("http://h/?a=b", "must not have a query"),
        ] {
            let failure = Address::parse(url).unwrap_err();
            let text = failure.to_string();
            assert!(text.contains(wanted) && text.contains(DEFAULT) && !text.contains("hidden"), "{text}");
            assert_eq!(failure.exit(), crate::command::Exit::Usage);
        }
    }
}
