//! Where a webhook is, and how it is named in messages.

use std::fmt;

use http::Uri;
use http::uri::PathAndQuery;

/// The parts of a webhook's URL.
#[derive(Clone)]
pub(super) struct Address {
    pub(super) tls: bool,
    /// A name or an address, without the brackets of IPv6.
    pub(super) host: String,
    pub(super) port: u16,
    /// What the `Host` header says.
    pub(super) authority: String,
    /// What is asked for.
    pub(super) target: PathAndQuery,
}

impl Address {
    /// # Errors
    /// What is wrong with the URL, and how one looks.
    pub(super) fn parse(url: &str) -> Result<Self, String> {
        // A URL may hold a password, which must not be repeated: what is told of a wrong one is what is wrong.
        let uri: Uri = url.trim().parse().map_err(|error| {
            format!("the webhook's URL cannot be read: {error}; write it as `http://127.0.0.1:9000/reconcile`, in ASCII")
        })?;
        let tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err("the webhook's URL must begin with `http://` or `https://`".into()),
        };
        let authority = uri.authority().ok_or("the webhook's URL names no host")?;
        if authority.as_str().contains('@') {
            return Err("the webhook's URL must hold no user and no password, for it is shown in messages; put a token into a file and name that as `token_file`".into());
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        if host.is_empty() {
            return Err("the webhook's URL names no host".into());
        }
        // Whatever stands behind the host is the port, also when it is too large to be one.
        let port = match authority.as_str()[authority.host().len()..].strip_prefix(':') {
            None if tls => 443,
            None => 80,
            Some(port) => match port.parse() {
                Ok(port) if port > 0 => port,
                _ => return Err("the port in the webhook's URL must be from 1 to 65535".into()),
            },
        };
        let target = uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
        Ok(Self { tls, host, port, authority: authority.as_str().to_owned(), target })
    }
}

/// Without the query, which may hold what is secret.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority, self.target.path())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart_and_shown_without_its_query() {
        let address = Address::parse("https://Hooks.example.org/reconcile?key=secret#part").unwrap();
        assert_eq!((address.tls, address.host.as_str(), address.port), (true, "Hooks.example.org", 443));
        assert_eq!(address.target, "/reconcile?key=secret");
        assert_eq!(address.to_string(), "https://Hooks.example.org/reconcile");
        let bare = Address::parse("http://[::1]:9000").unwrap();
        assert_eq!((bare.host.as_str(), bare.port, bare.authority.as_str()), ("::1", 9000, "[::1]:9000"));
        assert_eq!((bare.target.as_str(), bare.to_string().as_str()), ("/", "http://[::1]:9000/"));
    }

    #[test]
    fn what_is_no_url_of_a_webhook_is_told_without_its_password() {
        let wrong = |url: &str| Address::parse(url).map(|address| address.to_string()).unwrap_err();
        for url in ["http://u:hidden@h/", "ftp://u:hidden@h/", "http://u:hidden@h:x/", "u:hidden@h"] {
            assert!(!wrong(url).contains("hidden"), "{}", wrong(url));
        }
        assert!(wrong("http://u:p@h/").contains("name that as `token_file`"));
        assert!(wrong("ftp://h/").contains("must begin with `http://` or `https://`"));
        assert!(wrong("/reconcile").contains("must begin with"));
        assert!(wrong("http://h:0/").contains("from 1 to 65535"));
        assert!(wrong("http://h:99999/").contains("from 1 to 65535"));
        assert!(wrong("http://bücher/").contains("in ASCII"));
        assert!(wrong("").contains("cannot be read"));
    }
}
