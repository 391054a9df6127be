//! `[store]`, and the tables of the servers that it names.

use std::path::Path;

use super::super::fields::{Fields, Taken};
use super::super::model::{Certificate, StoreUrl};
use super::super::place::Place;
use super::super::problem::{Level, Problem, Problems};
use super::super::remote::{ConsulStore, EtcdStore, Host, Servers, StoreTls, User};
use super::super::size::parse_size;
use super::path;
use super::store_url::{Below, Url, url};

/// The store and its history in bytes.
pub(super) fn store(
    folder: &Path,
    mut table: Fields<'_, '_>,
    problems: &mut Problems,
) -> Option<(StoreUrl, u64)> {
    let before = problems.errors();
    let url = table.parsed("url", problems, |text| url(folder, text));
    // What the tables belong to is not known while the URL is wrong.
    let said = url.as_ref().filter(|_| problems.errors() == before);
    let history = table.parsed("history", problems, parse_size);
    let mut inner = |field, schemes: &[&str], problems: &mut Problems| {
        let fields = table.table(field, problems)?;
        if let Some(problem) = said.and_then(|said| misplaced(&fields, said, schemes)) {
            problems.push(problem);
        }
        Some(fields)
    };
    let tls = inner("tls", &["etcd", "consul"], problems).map(|fields| tls(folder, fields, problems));
    let user = inner("etcd", &["etcd"], problems).map(|fields| user(folder, fields, problems));
    let consul = inner("consul", &["consul"], problems).map(|fields| Consul::of(folder, fields, problems));
    table.finish(problems);
    let servers = |Below { hosts, prefix }: Below, port, port_tls| {
        let port = if tls.is_some() { port_tls } else { port };
        let host = |(name, given): (String, Option<u16>)| Host { name, port: given.unwrap_or(port) };
        Servers { hosts: hosts.into_iter().map(host).collect(), prefix, tls: tls.clone() }
    };
    let store = match url?.value {
        Url::Memory => StoreUrl::Memory,
        Url::Embedded(path) => StoreUrl::Embedded(path),
        Url::Etcd(below) => {
            StoreUrl::Etcd(EtcdStore { servers: servers(below, 2379, 2379), user: user.flatten() })
        }
        Url::Consul(below) => {
            let Consul { token_file, datacenter, namespace, partition } = consul.unwrap_or_default();
            let servers = servers(below, 8500, 8501);
            StoreUrl::Consul(ConsulStore { servers, token_file, datacenter, namespace, partition })
        }
    };
    Some((store, history?.value))
}

/// A table that has nothing to do with the store. Where the URL was said above the file, for once perhaps, the file's table is no mistake.
fn misplaced(fields: &Fields<'_, '_>, said: &Taken<Url>, schemes: &[&str]) -> Option<Problem> {
    let scheme = match said.value {
        Url::Memory => "memory:",
        Url::Embedded(_) => "embedded:",
        Url::Etcd(_) => "etcd://",
        Url::Consul(_) => "consul://",
    };
    if schemes.iter().any(|known| scheme == format!("{known}://")) {
        return None;
    }
    let belongs: Vec<_> = schemes.iter().map(|scheme| format!("`{scheme}://`")).collect();
    let what = format!(
        "belongs to a `url` that begins with {}, and this one begins with `{scheme}`; leave the table out, or change `url`",
        belongs.join(" or ")
    );
    let level = match said.place {
        Place::Flag(_) | Place::Variable(_) => Level::Warning,
        Place::Line(_) | Place::Default => Level::Error,
    };
    Some(Problem { level, ..fields.problem_of_table(what) })
}

fn tls(folder: &Path, mut fields: Fields<'_, '_>, problems: &mut Problems) -> StoreTls {
    let authority = path(folder, &mut fields, "authority", problems);
    let certificate = path(folder, &mut fields, "certificate", problems);
    let key = path(folder, &mut fields, "key", problems);
    let name = fields.parsed("name", problems, word).map(|name| name.value);
    fields.finish(problems);
    let own = certificate.zip(key).map(|(certificate, key)| Certificate { certificate, key });
    StoreTls { authority, own, name }
}

fn user(folder: &Path, mut fields: Fields<'_, '_>, problems: &mut Problems) -> Option<User> {
    let name = fields.parsed("user", problems, word);
    let password_file = path(folder, &mut fields, "password_file", problems);
    fields.finish(problems);
    Some(User { name: name?.value, password_file: password_file? })
}

/// `[store.consul]`.
#[derive(Default)]
struct Consul {
    token_file: Option<std::path::PathBuf>,
    datacenter: Option<String>,
    namespace: Option<String>,
    partition: Option<String>,
}

impl Consul {
    fn of(folder: &Path, mut fields: Fields<'_, '_>, problems: &mut Problems) -> Self {
        let token_file = path(folder, &mut fields, "token_file", problems);
        let mut name = |field| fields.parsed(field, problems, consul_name).map(|name| name.value);
        let (datacenter, namespace, partition) = (name("datacenter"), name("namespace"), name("partition"));
        fields.finish(problems);
        Self { token_file, datacenter, namespace, partition }
    }
}

fn word(text: &str) -> Result<String, String> {
    if text.is_empty() || text.contains(char::is_whitespace) {
        return Err(format!("`{text}` must be one word"));
    }
    Ok(text.to_owned())
}

/// What Consul allows in the names of its own.
fn consul_name(text: &str) -> Result<String, String> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if text.is_empty() || !text.bytes().all(allowed) {
        return Err(format!("`{text}` must be a name of letters, digits, `.`, `_` and `-`"));
    }
    Ok(text.to_owned())
}
