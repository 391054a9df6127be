//! Which kind is meant by a word: its name, its plural, or something near.

use std::collections::BTreeMap;

use trimtab_http::wire::{Controller, KindInfo, Kinds};

use super::{Client, Failure};
use crate::config::{misspelt, nearest};

/// A kind that nobody else knows, and the one that was probably meant.
pub(crate) type Doubt = (String, String);

/// The kinds that a daemon knows: declared, with entries, or reconciled by a controller.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    /// Each with its declared plural.
    kinds: Vec<(String, Option<String>)>,
}

/// Kinds of Trimtab's own begin so. They are in no list, and are reached by their name.
const RESERVED: &str = "trimtab.";

impl Client {
    /// The kind that a word means.
    pub(crate) fn kind(&self, typed: &str) -> Result<String, Failure> {
        self.known_kinds()?.resolve(typed)
    }

    /// The kinds that there are.
    pub(crate) fn known_kinds(&self) -> Result<Known, Failure> {
        let kinds: Kinds = self.get(&["v1", "kinds"]).send()?.body;
        let controllers = self.controllers()?;
        let mut known: Vec<_> = kinds.items.into_iter().map(|kind| (kind.name, kind.plural)).collect();
        // Also what a controller only watches: of that there may be no entry at present.
        let followed = controllers.iter().flat_map(followed).map(str::to_owned);
        for kind in followed.filter(|kind| !kind.starts_with(RESERVED)) {
            if !known.iter().any(|(name, _)| *name == kind) {
                known.push((kind, None));
            }
        }
        Ok(Known { kinds: known })
    }

    /// Of kinds and how many entries of each were just written: those that nobody else knows, when one is near that somebody does.
    pub(crate) fn doubts(&self, created: &BTreeMap<&str, usize>) -> Result<Vec<Doubt>, Failure> {
        let kinds: Kinds = self.get(&["v1", "kinds"]).send()?.body;
        if kinds.closed {
            return Ok(Vec::new());
        }
        let controllers = self.controllers()?;
        let followed: Vec<&str> = controllers.iter().flat_map(followed).collect();
        let of_others = |kind: &&KindInfo| {
            let own = created.get(kind.name.as_str()).copied().unwrap_or_default();
            kind.entries > own && !kind.name.starts_with(RESERVED)
        };
        let words = kinds.items.iter().filter(of_others).map(|kind| (kind.name.clone(), kind.plural.clone()));
        let followed = followed.into_iter().map(|kind| (kind.to_owned(), None));
        let known = Known { kinds: words.chain(followed).collect() };
        let doubt = |kind: &&str| {
            let is_known = known.exists(kind) || kind.starts_with(RESERVED);
            if is_known { None } else { known.near(kind).map(|near| ((*kind).to_owned(), near)) }
        };
        Ok(created.keys().filter_map(doubt).collect())
    }

    /// The controllers that watch a kind, or reconcile it.
    pub(crate) fn watchers(&self, kind: &str) -> Result<Vec<String>, Failure> {
        let mut controllers = self.controllers()?;
        controllers.retain(|controller| followed(controller).any(|followed| followed == kind));
        Ok(controllers.into_iter().map(|controller| controller.name).collect())
    }
}

/// The kinds that a controller reconciles or watches.
fn followed(controller: &Controller) -> impl Iterator<Item = &str> {
    let sources = controller.sources.iter().map(|source| source.name.as_str());
    // What else is followed of a kind has more than its name.
    controller.kind.as_deref().into_iter().chain(sources.filter(|name| !name.contains(['/', ' '])))
}

impl Known {
    /// The kind that a word means: as it stands, by its declared plural, then by what plurals end in.
    pub(crate) fn resolve(&self, typed: &str) -> Result<String, Failure> {
        if self.exists(typed) || typed.starts_with(RESERVED) {
            return Ok(typed.to_owned());
        }
        if let Some(name) = self.of_plural(typed) {
            return Ok(name);
        }
        let failure = Failure::not_found(format!("there is no kind `{typed}`"));
        Err(match nearest(typed, self.words()) {
            Some(near) => failure.hint(format!("did you mean `{near}`?")),
            None if self.kinds.is_empty() => {
                failure.hint("there are none yet: no entry, no controller, no [[kind]]")
            }
            None => {
                let names: Vec<_> = self.kinds.iter().map(|(name, _)| name.as_str()).take(MOST).collect();
                failure.hint(format!("there are {}", names.join(", ")))
            }
        })
    }
}

impl Known {
    fn exists(&self, name: &str) -> bool {
        self.kinds.iter().any(|(known, _)| known == name)
    }

    /// By its declared plural, then by what plurals end in.
    fn of_plural(&self, typed: &str) -> Option<String> {
        if let Some((name, _)) = self.kinds.iter().find(|(_, plural)| plural.as_deref() == Some(typed)) {
            return Some(name.clone());
        }
        let endings = [("ies", "y"), ("es", ""), ("s", "")];
        let mut stems =
            endings.iter().filter_map(|(ending, one)| Some(typed.strip_suffix(ending)?.to_owned() + one));
        stems.find(|name| self.exists(name))
    }

    fn words(&self) -> impl Iterator<Item = &str> {
        self.kinds.iter().flat_map(|(name, plural)| std::iter::once(name).chain(plural)).map(String::as_str)
    }

    /// The kind that a word is the plural of, or a misspelling of.
    fn near(&self, typed: &str) -> Option<String> {
        let word = || misspelt(typed, self.words());
        self.of_plural(typed).or_else(|| word().and_then(|word| self.resolve(word).ok()))
    }
}

/// Kinds that are named when none is near.
const MOST: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Known {
        let kind = |name: &str, plural: Option<&str>| (name.to_owned(), plural.map(str::to_owned));
        Known {
            kinds: vec![
                kind("site", None),
                kind("policy", None),
                kind("bus", None),
                kind("person", Some("people")),
                kind("news", None),
            ],
        }
    }

    #[test]
    fn a_kind_is_known_by_its_name_its_declared_plural_and_its_regular_one() {
        for (typed, kind) in [
            ("site", "site"),
            ("sites", "site"),
            ("policies", "policy"),
            ("buses", "bus"),
            ("bus", "bus"),
            ("people", "person"),
            ("news", "news"),
            ("trimtab.lease", "trimtab.lease"),
        ] {
            assert_eq!(known().resolve(typed).unwrap(), kind, "{typed}");
        }
    }

    #[test]
    fn a_kind_that_is_not_known_is_told_with_the_nearest_or_with_all() {
        let told = |typed: &str| {
            let failure = known().resolve(typed).unwrap_err();
            assert_eq!(failure.exit(), crate::command::Exit::NotFound);
            failure.to_string()
        };
        assert_eq!(told("stie"), "there is no kind `stie`\n  did you mean `site`?");
        assert_eq!(told("poeple"), "there is no kind `poeple`\n  did you mean `people`?");
        assert_eq!(told("banana"), "there is no kind `banana`\n  there are site, policy, bus, person, news");
        let failure = Known::default().resolve("site").unwrap_err();
        assert!(failure.to_string().contains("there are none yet"), "{failure}");
    }
}
