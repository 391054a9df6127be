//! `[store] url`.

use std::net::Ipv6Addr;
use std::path::{Path, PathBuf};

/// What a URL says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Url {
    Memory,
    Embedded(PathBuf),
    Etcd(Below),
    Consul(Below),
}

/// `HOST:PORT,HOST:PORT/PREFIX`: ports only where they were given.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Below {
    pub(super) hosts: Vec<(String, Option<u16>)>,
    pub(super) prefix: String,
}

/// The prefix of a URL without a path.
const PREFIX: &str = "trimtab";
const FORMS: &str = "`embedded:PATH`, `memory:`, `etcd://HOST:PORT/PREFIX` or `consul://HOST:PORT/PREFIX`";

/// A path is relative to the folder. The error says what is allowed.
pub(super) fn url(folder: &Path, text: &str) -> Result<Url, String> {
    match text.split_once(':') {
        Some(("memory", "")) => Ok(Url::Memory),
        Some(("embedded", path)) if !path.is_empty() => Ok(Url::Embedded(folder.join(path))),
        // A password is not repeated.
        _ if text.contains('@') => Err(
            "holds a `@`, and a user or password in a URL would be told in logs; write them as `[store.etcd] user` and `password_file`, or `[store.consul] token_file`"
                .into(),
        ),
        Some(("etcd", rest)) => below("etcd", rest, 2379).map(Url::Etcd),
        Some(("consul", rest)) => below("consul", rest, 8500).map(Url::Consul),
        _ => Err(format!("`{text}` is not a store: write {FORMS}")),
    }
}

fn below(scheme: &str, rest: &str, port: u16) -> Result<Below, String> {
    let like =
        format!("write it as `{scheme}://10.0.0.7:{port}/trimtab`, several servers with `,` between them");
    let rest = rest.strip_prefix("//").ok_or_else(|| format!("must have `//` behind `{scheme}:`; {like}"))?;
    if rest.contains(['?', '#']) {
        return Err(format!("must not have a `?` or `#`: all else is set in `[store.{scheme}]`; {like}"));
    }
    let (hosts, path) = rest.split_once('/').unwrap_or((rest, ""));
    let hosts = hosts.split(',').map(host).collect::<Result<_, _>>();
    let hosts = hosts.map_err(|what| format!("{what}; {like}"))?;
    Ok(Below { hosts, prefix: prefix(path.strip_suffix('/').unwrap_or(path))? })
}

/// Segments that both stores take.
fn prefix(path: &str) -> Result<String, String> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let segment = |segment: &str| !matches!(segment, "" | "." | "..") && segment.bytes().all(allowed);
    match path {
        "" => Ok(PREFIX.into()),
        path if path.split('/').all(segment) => Ok(path.into()),
        path => Err(format!(
            "has the prefix `{path}`, which must be names of letters, digits, `.`, `_` and `-` with single `/` between them"
        )),
    }
}

/// `host`, `host:1`, `10.0.0.7:1`, `[::1]:1`.
fn host(text: &str) -> Result<(String, Option<u16>), String> {
    // Behind the brackets, in which colons do not begin a port.
    let end = text.find(']').map_or(0, |bracket| bracket + 1);
    let colon = text[end..].find(':').map(|colon| end + colon);
    let (name, port) = colon.map_or((text, None), |colon| (&text[..colon], Some(&text[colon + 1..])));
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if name.is_empty() && port.is_none() {
        return Err("names no host, or has a `,` too many".into());
    }
    if port.is_some_and(|port| port.contains(':')) {
        return Err(format!("`{text}` must have an IPv6 address in brackets, as in `[::1]:2379`"));
    }
    if let Some(inside) = name.strip_prefix('[') {
        let address = inside.strip_suffix(']').and_then(|inside| inside.parse::<Ipv6Addr>().ok());
        address.ok_or_else(|| format!("`{name}` is no IPv6 address in brackets"))?;
    } else if name.is_empty() || !name.bytes().all(allowed) {
        return Err(format!("`{name}` is no name of a host"));
    }
    let Some(port) = port else { return Ok((name.into(), None)) };
    match port.parse() {
        Ok(number) if number > 0 && port.bytes().all(|byte| byte.is_ascii_digit()) => {
            Ok((name.into(), Some(number)))
        }
        _ => Err(format!("has the port `{port}`, which must be from 1 to 65535")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Url, String> {
        url(Path::new("d"), text)
    }

    #[test]
    fn servers_are_read_in_their_order_with_and_without_ports() {
        let Ok(Url::Etcd(below)) = parsed("etcd://a:1,10.0.0.7,[::1]:3/shop/trimtab/") else { panic!() };
        let hosts: Vec<_> = below.hosts.iter().map(|(name, port)| (name.as_str(), *port)).collect();
        assert_eq!(hosts, [("a", Some(1)), ("10.0.0.7", None), ("[::1]", Some(3))]);
        assert_eq!(below.prefix, "shop/trimtab");
        for text in ["consul://a", "consul://a/"] {
            let Ok(Url::Consul(below)) = parsed(text) else { panic!("{text}") };
            assert_eq!((below.hosts.len(), below.prefix.as_str()), (1, "trimtab"));
        }
    }

    #[test]
    fn what_is_no_store_is_told_with_what_is_allowed_and_never_with_a_password() {
        for (text, wanted) in [
            ("redis:x", "`redis:x` is not a store: write `embedded:PATH`, `memory:`, `etcd://"),
            ("etcd:a:1", "must have `//`"),
            ("etcd://", "names no host"),
            ("etcd://a:1,,b:1", "a `,` too many"),
            ("etcd://a:1,/p", "a `,` too many"),
            ("etcd://a:x/p", "has the port `x`, which must be from 1 to 65535"),
            ("etcd://a:0/p", "from 1 to 65535"),
            ("etcd://a:+1/p", "from 1 to 65535"),
            ("etcd://a:70000", "from 1 to 65535; write it as `etcd://10.0.0.7:2379/trimtab`"),
            ("etcd://::1:2379", "in brackets"),
            ("etcd://[::g]:1", "no IPv6 address in brackets"),
            ("etcd://a b:1", "`a b` is no name of a host"),
            ("etcd://a:1//p", "has the prefix `/p`"),
            ("consul://a:1/p/../q", "single `/` between them"),
            ("consul://a:1/p?dc=x", "is set in `[store.consul]`"),
            ("etcd://me:hidden@a:1/p", "`[store.etcd] user`"),
            ("redis://me:hidden@a", "`password_file`"),
        ] {
            let what = parsed(text).unwrap_err();
            assert!(what.contains(wanted) && !what.contains("hidden"), "{text}: {what}");
        }
    }
}
