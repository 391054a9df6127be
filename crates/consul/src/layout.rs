//! What lies under which key (contract, section 4).
//!
//! ```text
//! <prefix>/v1/meta/store                                    which store this is, and its format
//! <prefix>/v1/e/<kind>/!                                    the sentinel of a kind: proof that the answer may tell of its absences
//! <prefix>/v1/e/<kind>/<partition>/<namespace>/<name>/s|t   spec and status
//! <prefix>/v1/i/<kind>/...                                  the same for reserved kinds
//! <prefix>/v1/w/<process>/<lane>                            the last transaction of a lane: the guard of its next one
//! <prefix>/v1/w/floor                                       the highest index of a lane that was removed
//! <prefix>/v1/r/<process>.<lane>/<slot>                     the last transactions of a lane, for followers
//! ```
//!
//! Segments keep `A-Z a-z 0-9 . _ -`; all other bytes become `%XX`, and so do the dots of `.` and `..`. None is empty, so no key holds `//`, which Consul
//! would redirect, and `!` is free for the sentinel.

use trimtab_backend::{Key, KindName, Part, Scope, Tenancy};

/// Records that a lane keeps for followers.
pub(crate) const SLOTS: u64 = 512;

/// The keys under one prefix.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    root: String,
}

/// What a key under `e/` or `i/` is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Record(Key, Part),
    Sentinel(KindName),
}

impl Layout {
    /// `prefix` without slashes at its ends; may be empty.
    pub(crate) fn new(prefix: &str) -> Self {
        let root = if prefix.is_empty() { "v1/".into() } else { format!("{prefix}/v1/") };
        Self { root }
    }

    pub(crate) fn prefix(&self) -> &str {
        self.root.trim_end_matches("v1/").trim_end_matches('/')
    }

    /// What all keys begin with.
    pub(crate) fn root(&self) -> &str {
        &self.root
    }

    pub(crate) fn meta(&self) -> String {
        format!("{}meta/store", self.root)
    }

    pub(crate) fn lanes(&self) -> String {
        format!("{}w/", self.root)
    }

    pub(crate) fn floor(&self) -> String {
        format!("{}w/floor", self.root)
    }

    /// `lane` is `<process>/<number>`.
    pub(crate) fn lane(&self, lane: &str) -> String {
        format!("{}w/{lane}", self.root)
    }

    /// All records of a lane.
    pub(crate) fn ring(&self, lane: &str) -> String {
        format!("{}r/{}/", self.root, lane.replace('/', "."))
    }

    /// The record of a lane's transaction with this number.
    pub(crate) fn slot(&self, lane: &str, number: u64) -> String {
        format!("{}{}", self.ring(lane), number % SLOTS)
    }

    pub(crate) fn record(&self, key: &Key, part: Part) -> String {
        let mut path = self.kind(key.kind_name());
        for segment in [key.partition(), key.namespace(), key.name()] {
            encode_into(&mut path, segment);
            path.push('/');
        }
        path.push(match part {
            Part::Spec => 's',
            Part::Status => 't',
        });
        path
    }

    pub(crate) fn sentinel(&self, kind: &KindName) -> String {
        format!("{}!", self.kind(kind))
    }

    /// What an answer must hold before an absence in the scope is believed. For all kinds the key need not exist: that the answer speaks of it is proof
    /// of the right to read.
    pub(crate) fn sentinel_of(&self, scope: &Scope) -> String {
        match scope {
            Scope::Kind(kind) | Scope::Within(kind, _) => self.sentinel(kind),
            _ => format!("{}e/!", self.root),
        }
    }

    /// The prefix under which a scope lies; not all under it need be in the scope.
    pub(crate) fn prefix_of(&self, scope: &Scope) -> String {
        match scope {
            Scope::Kind(kind) => self.kind(kind),
            Scope::Within(kind, pattern) => {
                let mut path = self.kind(kind);
                for segment in pattern.partition.iter().chain(
                    // A namespace narrows the prefix only below a partition.
                    pattern.namespace.iter().filter(|_| pattern.partition.is_some()),
                ) {
                    encode_into(&mut path, segment);
                    path.push('/');
                }
                path
            }
            _ => format!("{}e/", self.root),
        }
    }

    /// Whether nothing but entries and sentinels may lie there.
    pub(crate) fn is_below_entries(&self, key: &str) -> bool {
        key.strip_prefix(&self.root).is_some_and(|rest| rest.starts_with("e/") || rest.starts_with("i/"))
    }

    /// The name of a lane, of a key under [`Layout::lanes`] other than the floor's.
    pub(crate) fn lane_of<'a>(&self, key: &'a str) -> Option<&'a str> {
        let lane = key.strip_prefix(&self.root)?.strip_prefix("w/")?;
        lane.contains('/').then_some(lane)
    }

    /// What a key is; nothing when it is none of ours.
    pub(crate) fn place_of(&self, key: &str) -> Option<Place> {
        let mut segments = key.strip_prefix(&self.root)?.split('/');
        let reserved = match segments.next()? {
            "e" => false,
            "i" => true,
            _ => return None,
        };
        let kind = KindName::new(&decode(segments.next()?)?);
        if kind.is_reserved() != reserved {
            return None;
        }
        let next = segments.next()?;
        if next == "!" {
            return segments.next().is_none().then_some(Place::Sentinel(kind));
        }
        let (partition, namespace, name) =
            (decode(next)?, decode(segments.next()?)?, decode(segments.next()?)?);
        let part = match segments.next()? {
            "s" => Part::Spec,
            "t" => Part::Status,
            _ => return None,
        };
        let key = Key::within(kind, Tenancy::new(&partition, &namespace), &name);
        segments.next().is_none().then_some(Place::Record(key, part))
    }

    fn kind(&self, kind: &KindName) -> String {
        let mut path = format!("{}{}/", self.root, if kind.is_reserved() { 'i' } else { 'e' });
        encode_into(&mut path, kind.as_str());
        path.push('/');
        path
    }
}

fn encode_into(path: &mut String, segment: &str) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let dots = matches!(segment, "." | "..");
    for byte in segment.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-') || (byte == b'.' && !dots) {
            path.push(char::from(byte));
        } else {
            path.push('%');
            path.push(char::from(DIGITS[usize::from(byte >> 4)]));
            path.push(char::from(DIGITS[usize::from(byte & 0x0f)]));
        }
    }
}

/// What a segment says; nothing unless it is written as [`encode_into`] would, so that no two keys are one entry.
fn decode(segment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first == b'%' {
            let [high, low, tail @ ..] = tail else { return None };
            let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            bytes.push(digit(*high)? << 4 | digit(*low)?);
            rest = tail;
        } else {
            bytes.push(*first);
        }
    }
    let text = String::from_utf8(bytes).ok()?;
    let mut again = String::with_capacity(segment.len());
    encode_into(&mut again, &text);
    (!text.is_empty() && again == segment).then_some(text)
}

#[cfg(test)]
mod tests {
    use trimtab_backend::TenancyPattern;

    use super::*;

    #[test]
    fn a_record_lies_where_the_contract_says_and_is_found_there() {
        let layout = Layout::new("apps/trimtab");
        let key = Key::new("http-route", "a/b %..é").in_namespace("shop");
        let path = layout.record(&key, Part::Spec);
        assert_eq!(path, "apps/trimtab/v1/e/http-route/default/shop/a%2Fb%20%25..%C3%A9/s");
        assert_eq!(layout.place_of(&path), Some(Place::Record(key.clone(), Part::Spec)));
        let status = layout.record(&key, Part::Status);
        assert_eq!(layout.place_of(&status), Some(Place::Record(key, Part::Status)));
    }

    #[test]
    fn reserved_kinds_lie_apart_and_each_kind_has_a_sentinel() {
        let layout = Layout::new("");
        let lease = Key::new("trimtab.lease", "gateway");
        assert_eq!(layout.record(&lease, Part::Status), "v1/i/trimtab.lease/default/default/gateway/t");
        let sentinel = layout.sentinel(&"site".into());
        assert_eq!(sentinel, "v1/e/site/!");
        assert_eq!(layout.place_of(&sentinel), Some(Place::Sentinel("site".into())));
        assert_eq!(
            layout.place_of("v1/e/trimtab.lease/default/default/gateway/t"),
            None,
            "in the wrong place"
        );
    }

    #[test]
    fn every_name_comes_back_and_no_two_share_a_key() {
        let names =
            [".", "..", "...", ".a", "%", "%2F", "/", "a//b", "!", "s", "~", " ", "\u{feff}", "\u{1f600}"];
        let layout = Layout::new("p");
        let mut paths = Vec::new();
        for name in names {
            let key = Key::new("kind", name);
            let path = layout.record(&key, Part::Spec);
            assert!(!path.contains("//") && path.is_ascii(), "{path}");
            assert_eq!(layout.place_of(&path), Some(Place::Record(key, Part::Spec)), "{path}");
            paths.push(path);
        }
        paths.sort();
        paths.dedup();
        assert_eq!(paths.len(), names.len());
    }

    #[test]
    fn what_another_wrote_otherwise_is_no_entry() {
        let layout = Layout::new("p");
        for foreign in [
            "p/v1/e/kind/default/default/%2f/s",
            "p/v1/e/kind/default/default/%41/s",
            "p/v1/e/kind/default/default/a b/s",
            "p/v1/e/kind/default/default/a/x",
            "p/v1/e/kind/default/default/a/s/more",
            "p/v1/e/kind/default/default//s",
            "p/v1/e/kind/default/default/%FF/s",
            "p/v1/e/kind/default/default/a",
            "p/v1/w/kind/default/default/a/s",
            "q/v1/e/kind/default/default/a/s",
        ] {
            assert_eq!(layout.place_of(foreign), None, "{foreign}");
        }
    }

    #[test]
    fn a_scope_is_the_narrowest_prefix_that_holds_it() {
        let layout = Layout::new("p");
        let within = |partition: Option<&str>, namespace: Option<&str>| {
            let pattern =
                TenancyPattern { partition: partition.map(Into::into), namespace: namespace.map(Into::into) };
            layout.prefix_of(&Scope::Within("site".into(), pattern))
        };
        assert_eq!(layout.prefix_of(&Scope::All), "p/v1/e/");
        assert_eq!(layout.prefix_of(&Scope::Kind("site".into())), "p/v1/e/site/");
        assert_eq!(within(Some("a"), Some("shop")), "p/v1/e/site/a/shop/");
        assert_eq!(within(Some("a"), None), "p/v1/e/site/a/");
        assert_eq!(within(None, Some("shop")), "p/v1/e/site/");
    }

    #[test]
    fn lanes_are_told_from_the_floor() {
        let layout = Layout::new("p");
        assert_eq!(layout.lane_of(&layout.lane("f00/3")), Some("f00/3"));
        assert_eq!(layout.lane_of(&layout.floor()), None);
        assert_eq!(layout.slot("f00/3", SLOTS + 2), "p/v1/r/f00.3/2");
    }
}
