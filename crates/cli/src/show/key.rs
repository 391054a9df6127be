//! Which entry, in few words.

use trimtab::Tenancy;
use trimtab_http::wire::EntryKey;

/// `site/blog`.
pub(crate) fn key_text(key: &EntryKey) -> String {
    format!("{}/{}", key.kind, key.name)
}

/// Where it lies: `default`, `shop`, and in another partition than the default one `partition/namespace`.
pub(crate) fn place_text(key: &EntryKey) -> String {
    let home = Tenancy::default();
    let namespace = key.namespace.as_deref().unwrap_or(home.namespace());
    match &key.partition {
        Some(partition) => format!("{partition}/{namespace}"),
        None => namespace.to_owned(),
    }
}
