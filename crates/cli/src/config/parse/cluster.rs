//! `[cluster]`.

use std::net::IpAddr;
use std::time::Duration;

use trimtab_polyglot::parse_duration;

use super::super::fields::Fields;
use super::super::model::Cluster;
use super::super::problem::Problems;

/// A lease that lives shorter than this is lost by a slow answer of the store.
const SHORTEST: Duration = Duration::from_secs(1);
/// A longer one is a mistake in the unit.
const LONGEST: Duration = Duration::from_secs(60 * 60);

pub(super) fn cluster(mut table: Fields<'_, '_>, problems: &mut Problems) -> Option<Cluster> {
    let name = table.parsed("name", problems, name).map(|name| name.value);
    let advertise = table.parsed("advertise", problems, advertise).map(|url| url.value);
    let lease = table.parsed("lease", problems, lease);
    table.finish(problems);
    Some(Cluster { name, advertise, lease: lease?.value })
}

/// The name of a replica: it is told in lists, and is part of keys.
pub(crate) fn name(text: &str) -> Result<String, String> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let begins = text.starts_with(|first: char| first.is_ascii_alphanumeric());
    if text.len() <= 128 && begins && text.bytes().all(allowed) {
        return Ok(text.to_owned());
    }
    Err(format!(
        "`{text}` must be 1 to 128 letters, digits, `.`, `_` and `-`, beginning with a letter or a digit"
    ))
}

fn advertise(text: &str) -> Result<String, String> {
    let like = "write it as `http://10.0.0.7:7420`";
    if text.contains('@') {
        return Err(format!("must not hold a user or password; {like}"));
    }
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    let authority = rest.map(|rest| rest.strip_suffix('/').unwrap_or(rest));
    let whole = |authority: &&str| {
        !authority.is_empty()
            && !authority.contains(|c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#'))
    };
    let authority = authority.filter(whole).ok_or_else(|| format!("`{text}` is no URL of an API; {like}"))?;
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => {
            if !port.parse().is_ok_and(|port: u16| port > 0) {
                return Err(format!("has the port `{port}`, which must be from 1 to 65535; {like}"));
            }
            host
        }
        _ => authority,
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if host.parse().is_ok_and(|ip: IpAddr| ip.is_unspecified()) {
        return Err(format!("`{host}` is no address at which others reach this replica; {like}"));
    }
    Ok(text.strip_suffix('/').unwrap_or(text).to_owned())
}

fn lease(text: &str) -> Result<Duration, String> {
    let lease = parse_duration(text)?;
    if (SHORTEST..=LONGEST).contains(&lease) {
        return Ok(lease);
    }
    Err(format!("`{text}` must be from 1s to 1h"))
}
