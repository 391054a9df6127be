//! Which kind is meant by a word: its name, its plural, or something near.

use trimtab_http::wire::{Controller, Kinds, SourceStanding};

use super::{Client, Failure};
use crate::config::nearest;

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
        let controllers: Vec<Controller> = self.get(&["v1", "controllers"]).send()?.body;
        let mut known: Vec<_> = kinds.items.into_iter().map(|kind| (kind.name, kind.plural)).collect();
        // Also what a controller only watches: of that there may be no entry at present.
        let topic = |source: SourceStanding| Some(source.name).filter(|name| !name.contains(['/', ' ']));
        let followed = controllers.into_iter().flat_map(|controller| {
            controller.kind.into_iter().chain(controller.sources.into_iter().filter_map(topic))
        });
        for kind in followed.filter(|kind| !kind.starts_with(RESERVED)) {
            if !known.iter().any(|(name, _)| *name == kind) {
                known.push((kind, None));
            }
        }
        Ok(Known { kinds: known })
    }
}

impl Known {
    /// The kind that a word means: as it stands, by its declared plural, then by what plurals end in.
    pub(crate) fn resolve(&self, typed: &str) -> Result<String, Failure> {
        let exists = |name: &str| self.kinds.iter().any(|(known, _)| known == name);
        if exists(typed) || typed.starts_with(RESERVED) {
            return Ok(typed.to_owned());
        }
        if let Some((name, _)) = self.kinds.iter().find(|(_, plural)| plural.as_deref() == Some(typed)) {
            return Ok(name.clone());
        }
        let endings = [("ies", "y"), ("es", ""), ("s", "")];
        let mut stems =
            endings.iter().filter_map(|(ending, one)| Some(typed.strip_suffix(ending)?.to_owned() + one));
        if let Some(name) = stems.find(|name| exists(name)) {
            return Ok(name);
        }
        let words = self.kinds.iter().flat_map(|(name, plural)| std::iter::once(name).chain(plural));
        let failure = Failure::not_found(format!("there is no kind `{typed}`"));
        Err(match nearest(typed, words.map(String::as_str)) {
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
