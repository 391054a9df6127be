//! Where a request came from: by which name, and from which page.
//!
//! A page in somebody's browser can make requests to this machine. Its own name may be made to point here (DNS rebinding), and then the browser takes the answer for the page's own; so only
//! addresses, `localhost` and the names that were set are names of this API. And a page of another origin is refused outright: it could not read the answer, but it could write.

use std::net::IpAddr;

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, header};

use crate::api::Shared;
use crate::problem::Refusal;
use crate::wire::ProblemKind;

pub(super) fn check(shared: &Shared, request: &Request) -> Result<(), Refusal> {
    let in_header = text(request.headers(), &header::HOST)?
        .ok_or_else(|| Refusal::malformed("the header `Host` is missing").field("Host"))?;
    // A request may name its host in its first line too, and whatever stands before this API may have looked at the other one: both must be known.
    let in_line = request.uri().authority().map(axum::http::uri::Authority::as_str);
    for host in in_line.into_iter().chain([in_header]) {
        is_known(shared, without_port(host))?;
    }
    let host = in_line.unwrap_or(in_header);
    if let Some(origin) = text(request.headers(), &header::ORIGIN)? {
        let from = origin.split_once("://").map(|(_, authority)| authority);
        if !from.is_some_and(|from| from.eq_ignore_ascii_case(host)) {
            let detail = format!("a page of `{origin}` may not use this API");
            return Err(Refusal::new(ProblemKind::ForeignHost, detail).field("Origin"));
        }
    }
    Ok(())
}

fn is_known(shared: &Shared, name: &str) -> Result<(), Refusal> {
    let is_known = is_address(name)
        || name.eq_ignore_ascii_case("localhost")
        || shared.hosts.iter().any(|known| known.eq_ignore_ascii_case(name));
    if is_known {
        return Ok(());
    }
    let detail =
        format!("`{name}` is not a name of this API; ask by its address, or add the name to `[http] hosts`");
    Err(Refusal::new(ProblemKind::ForeignHost, detail).field("Host"))
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Refusal> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let malformed =
        |what: &str| Err(Refusal::malformed(format!("the header `{name}` {what}")).field(name.as_str()));
    if values.next().is_some() {
        return malformed("is given twice");
    }
    value.to_str().map_or_else(|_| malformed("is no text"), |value| Ok(Some(value)))
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) && !name.is_empty() => {
            // `::1` without brackets is no host, and no name either.
            if name.contains(':') && !name.starts_with('[') { host } else { name }
        }
        _ => host,
    }
}

fn is_address(name: &str) -> bool {
    let bare = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    match bare {
        Some(v6) => v6.parse::<std::net::Ipv6Addr>().is_ok(),
        None => name.parse::<IpAddr>().is_ok_and(|address| address.is_ipv4()),
    }
}

#[test]
fn a_host_is_an_address_or_a_name_with_or_without_a_port() {
    for (host, name) in [
        ("a:1", "a"),
        ("a", "a"),
        ("[::1]:80", "[::1]"),
        ("[::1]", "[::1]"),
        ("127.0.0.1:7420", "127.0.0.1"),
        (":1", ":1"),
    ] {
        assert_eq!(without_port(host), name, "{host}");
    }
    for address in ["127.0.0.1", "[::1]", "10.0.0.1"] {
        assert!(is_address(address), "{address}");
    }
    for name in ["localhost", "::1", "[127.0.0.1]", "127.1.evil.example", "", "0x7f.1"] {
        assert!(!is_address(name), "{name}");
    }
}
