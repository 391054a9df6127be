//! Opening a store: who answers, is it etcd, is it new enough, and what lies below the prefix.

use trimtab_backend::{Limits, StoreId};

use crate::ConnectError;
use crate::answer::Answer;
use crate::core::Core;
use crate::identity::{FORMAT, Identity, Meta, read, written};
use crate::layout::Layout;
use crate::proto::{Compare, KeyValue, PutRequest, RangeRequest, TxnRequest};
use crate::servers::{Server, Servers};
use crate::version::{MINIMUM, is_enough};

pub(crate) async fn connect(
    servers: Servers,
    prefix: &str,
    layout: Layout,
    limits: Limits,
) -> Result<Core, ConnectError> {
    look_at(&servers).await?;
    let identity = identify(&servers, prefix, &layout).await?;
    let core = Core::new(servers, layout, limits, identity);
    // Made while there is space: a store that fills up later still takes deletes from whoever has a lane.
    match core.lanes().take(core.servers(), core.layout()).await {
        Ok(first) => first.unmoved(),
        Err(answer) => tracing::warn!(?answer, "no lane could be made yet"),
    }
    if let Err(answer) = core.clear().await {
        tracing::debug!(?answer, "lanes of others could not be cleared up");
    }
    Ok(core)
}

/// Demands that one server answers that will do, and that none is too old: it may be asked any time. Another one that is not etcd, or is not trusted, is passed over while
/// one will do, or a single wrong certificate would keep everybody from starting.
async fn look_at(servers: &Servers) -> Result<(), ConnectError> {
    let (mut tried, mut wrong, mut will_do) = (Vec::new(), None, false);
    for server in servers.list() {
        let endpoint = server.address().to_owned();
        match servers.status(server).await {
            Ok(status) if is_enough(&status.version) => will_do = true,
            Ok(status) => {
                return Err(ConnectError::TooOld { endpoint, found: status.version, minimum: MINIMUM });
            }
            Err(answer) => match away(server, answer) {
                Ok(what) => tried.push((endpoint, what)),
                Err(error) => {
                    wrong.get_or_insert(error);
                }
            },
        }
    }
    match wrong {
        Some(error) if will_do => {
            tracing::warn!(%error, "one of the servers cannot be used; the others are");
            Ok(())
        }
        Some(error) => Err(error),
        None if will_do => Ok(()),
        None => Err(ConnectError::Unreachable { tried }),
    }
}

/// What is wrong with a server that does not say who it is; an error when no waiting mends it.
fn away(server: &Server, answer: Answer) -> Result<String, ConnectError> {
    let endpoint = server.address().to_owned();
    let secure = endpoint.starts_with("https://");
    match answer {
        Answer::NotSent(what) | Answer::Open(what) if secure && is_tls(&what) => {
            Err(ConnectError::Tls { endpoint, what })
        }
        Answer::NotSent(what) => Ok(what),
        // In the server's own words, or silence: it is not well. Anything else is no answer of etcd's.
        Answer::Open(what) if what.contains("etcdserver: ") || what.starts_with("no answer") => Ok(what),
        Answer::Open(what) | Answer::NotEtcd(what) => Err(ConnectError::NotEtcd { endpoint, what }),
        Answer::NoLeader => Ok("it has no leader".into()),
        other => Err(refused(other)),
    }
}

fn is_tls(what: &str) -> bool {
    ["certificate", "tls", "TLS", "InvalidMessage", "corrupt message", "handshake", "alert"]
        .iter()
        .any(|part| what.contains(part))
}

/// Which store lies below the prefix; begins one when there is nothing.
async fn identify(servers: &Servers, prefix: &str, layout: &Layout) -> Result<Identity, ConnectError> {
    let meta = layout.meta();
    loop {
        let (found, other) = below(servers, layout).await.map_err(refused)?;
        if let Some(found) = found {
            return match read(&found.value) {
                Meta::Ours(store) => Ok(Identity { store, meta: found.value }),
                Meta::Newer(newer) => {
                    Err(ConnectError::NewerFormat { prefix: prefix.into(), found: newer, supported: FORMAT })
                }
                Meta::Foreign => Err(in_use(prefix, &meta, "is not what Trimtab writes there")),
            };
        }
        if let Some(other) = other {
            return Err(in_use(
                prefix,
                &other.key,
                "is there, and nothing says that a store of Trimtab's is",
            ));
        }
        let store = StoreId::new(servers.seams().random_bytes());
        let put = PutRequest { key: meta.clone(), value: written(store) };
        // Another process may be first; then its store is the one.
        let begin = TxnRequest {
            compare: vec![Compare::absent(meta.clone())],
            success: vec![put.into()],
            failure: Vec::new(),
        };
        servers.repeatable(begin).await.map_err(refused)?;
    }
}

/// What says which store this is, and the first key below the prefix, at one revision: a store that another process begins in between must not
/// look like something else's.
async fn below(servers: &Servers, layout: &Layout) -> Result<(Option<KeyValue>, Option<KeyValue>), Answer> {
    let (meta, (key, range_end)) = (RangeRequest::of(layout.meta()), layout.whole());
    let any = RangeRequest { limit: 1, keys_only: true, ..RangeRequest::between(key, range_end) };
    match servers.ranges(vec![meta.clone(), any]).await {
        Ok(found) => {
            let mut found = found.found().map(|mut found| found.pop());
            Ok((found.next().flatten(), found.next().flatten()))
        }
        // A user with rights on what a store needs, and no others.
        Err(Answer::Denied(_)) => servers.range(meta).await.map(|mut found| (found.kvs.pop(), None)),
        Err(answer) => Err(answer),
    }
}

fn in_use(prefix: &str, key: &[u8], what: &'static str) -> ConnectError {
    ConnectError::PrefixInUse { prefix: prefix.into(), key: String::from_utf8_lossy(key).into_owned(), what }
}

fn refused(answer: Answer) -> ConnectError {
    match answer {
        Answer::Denied(what) => ConnectError::Denied { what },
        Answer::Token => {
            ConnectError::Denied { what: "the server does not take the token that it gave; try again".into() }
        }
        Answer::Full => ConnectError::Full,
        Answer::NoLeader => ConnectError::NotReady { what: "the cluster has no leader".into() },
        Answer::Overloaded => ConnectError::NotReady { what: "it has too many requests".into() },
        Answer::NotSent(what) | Answer::Open(what) | Answer::NotEtcd(what) | Answer::Invalid(what) => {
            ConnectError::NotReady { what }
        }
        Answer::Compacted | Answer::TooLarge => {
            ConnectError::NotReady { what: "its answer does not fit".into() }
        }
    }
}
