//! What a controller looks at beside its own kind: references and children, in both directions, and kinds whose changes a program maps.
//!
//! Forwards, from an entry to what its reconciler is given; backwards, from a change to the entries that must run again. Both are read from the same
//! setting, so they cannot disagree.

use std::collections::BTreeMap;

use trimtab_backend::{Key, KindName};
use trimtab_runtime::{Controller, Result, Source};
use trimtab_seams::Seams;
use trimtab_store::{Change, Dynamic, Entry, Lookup, View};

use crate::mapped::Mapped;
use crate::process::Groups;
use crate::protocol::{Given, Referred};
use crate::{Error, Follow, Settings};

/// The watches of a controller.
#[derive(Clone, Debug)]
pub(crate) struct Watched {
    kind: KindName,
    references: Vec<Reference>,
    owned: Vec<KindName>,
    mapped: Vec<Mapped>,
}

/// A kind that entries refer to by name.
#[derive(Clone, Debug)]
struct Reference {
    kind: KindName,
    /// From a name to the entries of the controller's kind that refer to it.
    by_name: Lookup<Dynamic>,
    include: bool,
}

impl Watched {
    pub(crate) fn new(settings: &Settings, groups: &Groups) -> std::result::Result<Self, Error> {
        let kind: KindName = settings.kind.as_str().into();
        let (mut references, mut owned, mut mapped) = (Vec::new(), Vec::new(), Vec::new());
        for watch in &settings.watches {
            let watched: KindName = watch.kind.as_str().into();
            match &watch.follow {
                // The pointer names the lookup: controllers of one kind with the same pointer share one index.
                Follow::References { pointer, include } => references.push(Reference {
                    kind: watched,
                    by_name: Lookup::pointer(kind.clone(), pointer, pointer)?,
                    include: *include,
                }),
                Follow::Owner => owned.push(watched),
                Follow::Map { carrier, timeout } => {
                    mapped.push(Mapped::new(settings, watched, carrier, *timeout, groups)?);
                }
            }
        }
        owned.sort();
        owned.dedup();
        Ok(Self { kind, references, owned, mapped })
    }

    /// The controller, listening to its own kind and to all that is watched.
    pub(crate) fn subscribe(&self, controller: Controller, seams: &Seams) -> Controller {
        let mut controller = controller.subscribe(Source::kind(self.kind.as_str()));
        for Reference { kind, by_name, .. } in &self.references {
            let (own, lookup) = (self.kind.clone(), by_name.clone());
            let source = Source::kind(kind.as_str()).map(move |change: &Change| {
                // An entry that cannot be read cannot be reconciled either; it runs when it is mended.
                let referring = change.list_kind(own.clone()).by(&lookup, change.name());
                referring.into_iter().filter_map(std::result::Result::ok).collect::<Vec<Entry>>()
            });
            controller = controller.with_lookup(by_name).subscribe(source);
        }
        for kind in &self.owned {
            let own = self.kind.clone();
            controller = controller.subscribe(Source::kind(kind.as_str()).map(move |change: &Change| {
                let owners = change.both().flat_map(Entry::owners).filter(|owner| owner.kind == own.as_str());
                owners.map(|owner| owner.key(change.tenancy())).collect::<Vec<Key>>()
            }));
        }
        self.mapped.iter().fold(controller, |controller, mapped| controller.subscribe(mapped.source(seams)))
    }

    /// What an entry refers to, in the order of the file and of the entry.
    pub(crate) fn references(&self, entry: &Entry, view: &View) -> Result<Vec<Referred>> {
        let mut places: BTreeMap<Key, usize> = BTreeMap::new();
        let mut referred: Vec<Referred> = Vec::new();
        for Reference { kind, by_name, include } in &self.references {
            for name in by_name.terms(entry)? {
                let key = Key::within(kind.clone(), entry.tenancy().clone(), &name);
                let place = *places.entry(key.clone()).or_insert_with(|| {
                    referred.push(Referred { key: key.clone(), given: Given::Name });
                    referred.len() - 1
                });
                let given = &mut referred[place].given;
                if *include && *given == Given::Name {
                    *given = view.entry(&key)?.map_or(Given::Absent, Given::Entry);
                }
            }
        }
        Ok(referred)
    }

    /// The entries of the watched kinds that an entry owns.
    pub(crate) fn children(&self, entry: &Entry, view: &View) -> Result<Vec<Entry>> {
        let mut children = Vec::new();
        for kind in &self.owned {
            children.extend(view.list_kind(kind.clone()).in_tenancy(entry.tenancy()).owned_by(entry).all()?);
        }
        Ok(children)
    }

    /// Whether entries of a kind are made children when they are applied.
    pub(crate) fn owns(&self, kind: &str) -> bool {
        self.owned.iter().any(|owned| owned.as_str() == kind)
    }

    /// The kinds whose entries are children, for messages.
    pub(crate) fn owned(&self) -> Vec<&str> {
        self.owned.iter().map(KindName::as_str).collect()
    }
}
