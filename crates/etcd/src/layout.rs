//! Where things lie in etcd, and back.
//!
//! ```text
//! <root>/v1/meta/store                                     which store this is
//! <root>/v1/e/<kind>/<partition>/<namespace>/<name>/s      the spec of an entry, with its header line
//! <root>/v1/e/<kind>/<partition>/<namespace>/<name>/t      its status
//! <root>/v1/i/..                                           the same for reserved kinds
//! <root>/v1/w/<process>/<lane>                             the last transaction of a lane
//! <root>/v1/w/floor                                        when lanes were last removed that had not moved for long
//! ```
//!
//! Both halves of an entry stand under one prefix, so that they are told together and go together. Segments keep letters, digits, `.`, `_` and `-`;
//! other bytes become `%XX`.

use std::fmt::Write;

use bytes::Bytes;
use trimtab_backend::{Key, KindName, Part, Scope, Tenancy, TenancyPattern};

/// Where one root's things lie.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    /// `<root>/v1/`.
    base: String,
}

/// All keys from the first to before the second.
pub(crate) type Range = (Bytes, Bytes);

impl Layout {
    /// The layout under a root; says what is wrong with one.
    pub(crate) fn new(root: &str) -> Result<Self, String> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let segment = |segment: &str| !segment.is_empty() && segment.chars().all(allowed);
        if root.split('/').all(segment) {
            Ok(Self { base: format!("{root}/v1/") })
        } else {
            Err(format!(
                "`{root}` must be segments of letters, digits, `.`, `_` and `-` with `/` between them"
            ))
        }
    }

    /// The root.
    pub(crate) fn root(&self) -> &str {
        self.base.strip_suffix("/v1/").unwrap_or(&self.base)
    }

    /// What says which store this is.
    pub(crate) fn meta(&self) -> Bytes {
        format!("{}meta/store", self.base).into()
    }

    /// Everything below the root, of whatever format.
    pub(crate) fn whole(&self) -> Range {
        folder(format!("{}/", self.root()))
    }

    /// A lane.
    pub(crate) fn lane(&self, process: u128, number: u64) -> Bytes {
        format!("{}w/{process:032x}/{number}", self.base).into()
    }

    /// All lanes, and the floor.
    pub(crate) fn lanes(&self) -> Range {
        folder(format!("{}w/", self.base))
    }

    /// What is written whenever lanes are removed that may be another's.
    pub(crate) fn floor(&self) -> Bytes {
        format!("{}w/floor", self.base).into()
    }

    /// One half of an entry.
    pub(crate) fn record(&self, key: &Key, part: Part) -> Bytes {
        let mut path = self.entry(key);
        path.push(match part {
            Part::Spec => 's',
            Part::Status => 't',
        });
        path.into()
    }

    /// Both halves of an entry.
    pub(crate) fn halves(&self, key: &Key) -> Range {
        folder(self.entry(key))
    }

    /// Every record that may lie in a scope. Of a namespace in all partitions: the whole kind.
    pub(crate) fn scope(&self, scope: &Scope) -> Range {
        let kind = |kind: &KindName| {
            let mut path = self.area(kind);
            push(&mut path, kind.as_str());
            path
        };
        let path = match scope {
            Scope::Kind(name) => kind(name),
            Scope::Within(name, TenancyPattern { partition, namespace }) => {
                let mut path = kind(name);
                for segment in partition.iter().chain(partition.as_ref().and(namespace.as_ref())) {
                    push(&mut path, segment);
                }
                path
            }
            // A scope that is not known here is told whole and then sifted.
            _ => format!("{}e/", self.base),
        };
        folder(path)
    }

    fn area(&self, kind: &KindName) -> String {
        format!("{}{}/", self.base, if kind.is_reserved() { 'i' } else { 'e' })
    }

    fn entry(&self, key: &Key) -> String {
        let mut path = self.area(key.kind_name());
        path.reserve(key.encoded_bytes() + 5);
        for segment in [key.kind(), key.partition(), key.namespace(), key.name()] {
            push(&mut path, segment);
        }
        path
    }
}

/// What lies below a path that ends with `/`.
fn folder(path: String) -> Range {
    let mut end = path.clone().into_bytes();
    if let Some(last) = end.last_mut() {
        *last = b'/' + 1;
    }
    (path.into(), end.into())
}

/// Adds a segment and a `/`.
fn push(path: &mut String, segment: &str) {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let dots = matches!(segment, "." | "..");
    if !dots && segment.bytes().all(plain) {
        path.push_str(segment);
    } else {
        for byte in segment.bytes() {
            if plain(byte) && !dots {
                path.push(byte.into());
            } else {
                write!(path, "%{byte:02X}").expect("a text takes what is written to it");
            }
        }
    }
    path.push('/');
}

/// Reads keys back. Remembers the last kind and tenancy, so that the entries of a snapshot share theirs.
#[derive(Debug)]
pub(crate) struct Reader {
    base: String,
    kind: KindName,
    tenancy: Tenancy,
}

impl Reader {
    pub(crate) fn new(layout: &Layout) -> Self {
        Self { base: layout.base.clone(), kind: KindName::new(""), tenancy: Tenancy::default() }
    }

    /// Which half of which entry lies there; none when it is not one that was written by this layout.
    pub(crate) fn read(&mut self, path: &[u8]) -> Option<(Key, Part)> {
        let path = std::str::from_utf8(path).ok()?.strip_prefix(self.base.as_str())?;
        let mut segments = path.split('/');
        let mut next = || segments.next();
        let [area, kind, partition, namespace, name, part] =
            [next()?, next()?, next()?, next()?, next()?, next()?];
        if segments.next().is_some() {
            return None;
        }
        let part = match part {
            "s" => Part::Spec,
            "t" => Part::Status,
            _ => return None,
        };
        // Kinds and tenancies need no escapes.
        if self.kind.as_str() != kind {
            self.kind = KindName::new(kind);
        }
        if (self.tenancy.partition(), self.tenancy.namespace()) != (partition, namespace) {
            self.tenancy = Tenancy::new(partition, namespace);
        }
        let key = Key::within(self.kind.clone(), self.tenancy.clone(), &unescaped(name)?);
        let in_place = area == if key.kind_name().is_reserved() { "i" } else { "e" };
        (in_place && key.validate().is_ok()).then_some((key, part))
    }
}

fn unescaped(segment: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::with_capacity(segment.len()), segment.as_bytes());
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first == b'%' {
            let [high, low, tail @ ..] = rest else { return None };
            let digit = |byte: u8| char::from(byte).to_digit(16);
            bytes.push(u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()?);
            rest = tail;
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn layout() -> Layout {
        Layout::new("a/trimtab").expect("a root")
    }

    fn shown(path: &Bytes) -> &str {
        std::str::from_utf8(path).expect("text")
    }

    #[test]
    fn an_entry_lies_where_the_contract_says() {
        let (site, lease) = (Key::new("site", "blog").in_namespace("x"), Key::new("trimtab.lease", "a/b"));
        assert_eq!(shown(&layout().record(&site, Part::Spec)), "a/trimtab/v1/e/site/default/x/blog/s");
        assert_eq!(
            shown(&layout().record(&lease, Part::Status)),
            "a/trimtab/v1/i/trimtab.lease/default/default/a%2Fb/t"
        );
        let (from, to) = layout().halves(&site);
        assert_eq!(
            (shown(&from), shown(&to)),
            ("a/trimtab/v1/e/site/default/x/blog/", "a/trimtab/v1/e/site/default/x/blog0")
        );
    }

    #[test]
    fn a_scope_is_the_narrowest_prefix_that_holds_it() {
        let within = |partition: Option<&str>, namespace: Option<&str>| {
            let pattern = TenancyPattern {
                partition: partition.map(str::to_owned),
                namespace: namespace.map(str::to_owned),
            };
            shown(&layout().scope(&Scope::Within("site".into(), pattern)).0).to_owned()
        };
        assert_eq!(shown(&layout().scope(&Scope::All).0), "a/trimtab/v1/e/");
        assert_eq!(
            shown(&layout().scope(&Scope::Kind("trimtab.lease".into())).0),
            "a/trimtab/v1/i/trimtab.lease/"
        );
        assert_eq!(within(Some("p"), Some("n")), "a/trimtab/v1/e/site/p/n/");
        assert_eq!(within(Some("p"), None), "a/trimtab/v1/e/site/p/");
        assert_eq!(within(None, Some("n")), "a/trimtab/v1/e/site/");
    }

    #[test]
    fn what_others_put_under_the_prefix_is_no_record() {
        let mut reader = Reader::new(&layout());
        for path in [
            "",
            "a/trimtab/v1/e",
            "a/trimtab/v1/e/site/!",
            "a/trimtab/v1/e/site/d/d/n/x",
            "a/trimtab/v1/e/site/d/d/n/s/s",
            "a/trimtab/v1/e/Site/d/d/n/s",
            "a/trimtab/v1/e/site/d/d//s",
            "a/trimtab/v1/e/site/d/d/%2/s",
            "a/trimtab/v1/e/site/d/d/%FF/s",
            "a/trimtab/v1/e/trimtab.lease/d/d/n/s",
            "a/trimtab/v1/i/site/d/d/n/s",
            "a/trimtab/v1/meta/store",
        ] {
            assert_eq!(reader.read(path.as_bytes()), None, "{path}");
        }
        assert_eq!(reader.read(b"\xff"), None);
    }

    #[test]
    fn a_root_that_would_not_come_back_is_refused() {
        for root in ["", "/a", "a/", "a//b", "a b", "ä"] {
            assert!(Layout::new(root).is_err(), "{root}");
        }
    }

    proptest! {
        #[test]
        fn every_name_comes_back(name in "\\PC{1,40}", namespace in "[a-z0-9][a-z0-9-]{0,5}", status: bool) {
            let key = Key::new("site", &name).in_namespace(&namespace);
            prop_assume!(key.validate().is_ok());
            let part = if status { Part::Status } else { Part::Spec };
            let path = layout().record(&key, part);
            prop_assert_eq!(Reader::new(&layout()).read(&path), Some((key.clone(), part)));
            let (from, to) = layout().scope(&Scope::Kind("site".into()));
            prop_assert!(from <= path && path < to);
        }
    }
}
