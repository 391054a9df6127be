//! Which entries are to go.

use trimtab_http::wire::EntryKey;

use super::super::files;
use super::{Chosen, Delete};
use crate::client::{Client, Failure, key_of, wanted};
use crate::documents::Purpose;

impl Delete {
    /// The entries that were named or are found, and the client that found them.
    pub(super) fn choose(&self) -> Result<(Client, Chosen), Failure> {
        if !self.sources.is_empty() {
            let given = files::read(&self.sources, self.everywhere.one()?, Purpose::Name)?;
            // What was given last may stand on what came before it.
            let keys = given.iter().rev().map(|one| key_of(&one.document)).collect();
            return Ok((self.reach.client()?, Chosen { keys, were_found: false }));
        }
        let wanted = wanted(&self.what)?;
        let finds = self.all || self.selector.is_some();
        if finds && wanted.iter().any(|wanted| !wanted.names.is_empty()) {
            return Err(Failure::usage("say names, or -l or --all, not both"));
        }
        if !finds && wanted.iter().any(|wanted| wanted.names.is_empty()) {
            let kind = &wanted[0].kind;
            return Err(Failure::usage(format!("say which {kind}: names, -l LABELS, or --all")));
        }
        let client = self.reach.client()?;
        let known = client.known_kinds()?;
        let mut keys: Vec<EntryKey> = Vec::new();
        for wanted in wanted {
            let kind = known.resolve(&wanted.kind)?;
            if finds {
                keys.extend(self.found(&client, &kind)?);
                continue;
            }
            let tenancies = self.everywhere.one()?;
            for name in wanted.names {
                let (kind, unless) = (kind.clone(), |name: Option<&str>| {
                    name.filter(|name| *name != "default").map(str::to_owned)
                });
                let (namespace, partition) = (unless(tenancies.namespace()), unless(tenancies.partition()));
                let key = EntryKey { kind, name, namespace, partition };
                if !keys.contains(&key) {
                    keys.push(key);
                }
            }
        }
        Ok((client, Chosen { keys, were_found: finds }))
    }

    /// Those of the kind that match. One that cannot be read has no labels to go by, but is one of all.
    fn found(&self, client: &Client, kind: &str) -> Result<Vec<EntryKey>, Failure> {
        let list = client.list(kind, &self.everywhere, self.selector.as_deref())?;
        let unreadable = list.unreadable.into_iter().filter(|_| self.all).map(|stuck| stuck.key);
        Ok(list.items.iter().map(key_of).chain(unreadable).collect())
    }
}
