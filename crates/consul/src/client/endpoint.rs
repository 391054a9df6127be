//! The address of an agent or server of Consul.

use std::fmt;

use http::Uri;

/// Where Consul answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub(crate) tls: bool,
    /// A name or an address, without the brackets of IPv6.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// What the `Host` header says.
    pub(crate) authority: String,
}

impl Endpoint {
    /// # Errors
    /// What is wrong with it, and how one looks.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let shape = "write it as `http://127.0.0.1:8500`, or with `https://`";
        let whole =
            if text.contains("://") { text.trim().to_owned() } else { format!("http://{}", text.trim()) };
        // A URL may hold a password, which must not be repeated.
        let uri: Uri =
            whole.parse().map_err(|error| format!("an endpoint cannot be read: {error}; {shape}"))?;
        let tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(format!("an endpoint must begin with `http://` or `https://`; {shape}")),
        };
        let authority = uri.authority().ok_or_else(|| format!("an endpoint names no host; {shape}"))?;
        if authority.as_str().contains('@') {
            return Err(
                "an endpoint must hold no user and no password; give Consul's token as `token`".into()
            );
        }
        if uri.path_and_query().is_some_and(|path| path.as_str() != "/") {
            return Err(format!(
                "an endpoint must hold no path, but has `{}`; give the prefix of the keys as `prefix`",
                uri.path()
            ));
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        if host.is_empty() {
            return Err(format!("an endpoint names no host; {shape}"));
        }
        let port = match authority.as_str()[authority.host().len()..].strip_prefix(':') {
            None if tls => 8501,
            None => 8500,
            Some(port) => match port.parse() {
                Ok(port) if port > 0 => port,
                _ => return Err("the port of an endpoint must be from 1 to 65535".into()),
            },
        };
        Ok(Self { tls, host, port, authority: authority.as_str().to_owned() })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        let brackets = if self.host.contains(':') { ("[", "]") } else { ("", "") };
        write!(f, "{scheme}://{}{}{}:{}", brackets.0, self.host, brackets.1, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_have_consuls_ports_unless_told() {
        let parsed = |text: &str| Endpoint::parse(text).unwrap().to_string();
        assert_eq!(parsed("consul.example.org"), "http://consul.example.org:8500");
        assert_eq!(parsed("https://consul.example.org/"), "https://consul.example.org:8501");
        assert_eq!(parsed(" 127.0.0.1:18500"), "http://127.0.0.1:18500");
        assert_eq!(parsed("http://[::1]:1"), "http://[::1]:1");
    }

    #[test]
    fn what_is_no_endpoint_is_told_without_its_password() {
        let wrong = |text: &str| Endpoint::parse(text).unwrap_err();
        for text in ["http://u:hidden@h/", "ftp://u:hidden@h/", "http://u:hidden@h:x/"] {
            assert!(!wrong(text).contains("hidden"), "{}", wrong(text));
        }
        assert!(wrong("http://h/kv").contains("`prefix`"));
        assert!(wrong("http://h:0").contains("from 1 to 65535"));
        assert!(wrong("http://h:99999").contains("from 1 to 65535"));
        assert!(wrong("").contains("127.0.0.1:8500"));
        assert!(wrong("etcd://h").contains("`https://`"));
    }
}
