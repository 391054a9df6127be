//! The name of an entry: kind, tenancy, name.
//!
//! Every map, queue and log of a running controller is keyed by it, so it is one pointer with its hash computed once: a duplicate add
//! to a queue costs 7 ns with it against 15 ns with two strings. An interned number was no faster on one thread and needs an
//! interner with a life of its own.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::{Arc, LazyLock};

use trimtab_seams::HashState;

use crate::{Invalid, Tenancy};

/// Kinds that begin with this are Trimtab's own: leases and groups. They are left out of [`Scope::All`](crate::Scope::All) and of lists.
pub const RESERVED_KINDS: &str = "trimtab.";

/// The longest name, in characters.
const NAME_CHARS: usize = 253;
/// The longest kind, in characters.
const KIND_CHARS: usize = 63;

static HASHER: LazyLock<HashState> = LazyLock::new(HashState::default);

/// The name of a kind of entries, such as `http-route`. One count to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KindName(Arc<str>);

impl KindName {
    /// The name as given; whether it is allowed is checked at the door.
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is one of Trimtab's own.
    pub fn is_reserved(&self) -> bool {
        self.0.starts_with(RESERVED_KINDS)
    }

    /// Whether the name is allowed: `[a-z][a-z0-9.-]{0,62}` (settled, Names).
    pub fn validate(&self) -> Result<(), Invalid> {
        let text = self.as_str();
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.' || c == '-';
        if text.chars().count() > KIND_CHARS {
            return Err(Invalid::above("kind", "characters", KIND_CHARS as u64, text.chars().count() as u64));
        }
        if !text.starts_with(|c: char| c.is_ascii_lowercase()) || !text.chars().all(allowed) {
            let what = format!(
                "`{text}` must begin with a lower-case letter and go on with lower-case letters, digits, `.` and `-`"
            );
            return Err(Invalid::new("kind", what));
        }
        Ok(())
    }
}

impl From<&str> for KindName {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

impl fmt::Display for KindName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for KindName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The name of an entry: kind, tenancy, name. 8 bytes; cloning counts once; compares by pointer, then hash, then text.
///
/// Ordered by kind, partition, namespace, name. Its hash is computed once, with a seed of this process, and never leaves it.
///
/// ```
/// use trimtab_backend::{Key, Tenancy};
///
/// let key = Key::new("http-route", "a").in_namespace("shop");
/// assert_eq!(key.to_string(), "http-route/a in default/shop");
/// assert_eq!((key.kind(), key.namespace(), key.name()), ("http-route", "shop", "a"));
/// assert!(Key::new("Route", "a").validate().is_err(), "kinds are lower case");
/// ```
#[derive(Clone)]
pub struct Key(Arc<Inner>);

struct Inner {
    hash: u64,
    kind: KindName,
    tenancy: Tenancy,
    name: Box<str>,
}

impl Key {
    /// A key in the default tenancy. Takes the names as they are; whether they are allowed is checked at the door, see [`Key::validate`].
    pub fn new(kind: impl Into<KindName>, name: &str) -> Self {
        Self::within(kind.into(), Tenancy::default(), name)
    }

    /// A key of a kind and a tenancy that are at hand: shares both.
    pub fn within(kind: KindName, tenancy: Tenancy, name: &str) -> Self {
        let hash = HASHER.hash_one((kind.as_str(), tenancy.partition(), tenancy.namespace(), name));
        Self(Arc::new(Inner { hash, kind, tenancy, name: name.into() }))
    }

    /// The same kind and name in another tenancy.
    #[must_use]
    pub fn in_tenancy(&self, tenancy: &Tenancy) -> Self {
        Self::within(self.0.kind.clone(), tenancy.clone(), self.name())
    }

    /// The same kind, partition and name in another namespace.
    #[must_use]
    pub fn in_namespace(&self, namespace: &str) -> Self {
        self.in_tenancy(&Tenancy::new(self.partition(), namespace))
    }

    /// The kind.
    #[doc(alias = "Request.Kind")]
    pub fn kind(&self) -> &str {
        self.0.kind.as_str()
    }

    /// The kind, to share.
    pub fn kind_name(&self) -> &KindName {
        &self.0.kind
    }

    /// The tenancy.
    #[doc(alias = "Request.Meta")]
    pub fn tenancy(&self) -> &Tenancy {
        &self.0.tenancy
    }

    /// The partition.
    pub fn partition(&self) -> &str {
        self.0.tenancy.partition()
    }

    /// The namespace.
    pub fn namespace(&self) -> &str {
        self.0.tenancy.namespace()
    }

    /// The name.
    #[doc(alias = "Request.Name")]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The hash of this process; of use in maps only.
    pub fn hash64(&self) -> u64 {
        self.0.hash
    }

    /// Bytes of all its names together, as limits count them.
    pub fn encoded_bytes(&self) -> usize {
        self.kind().len() + self.partition().len() + self.namespace().len() + self.name().len()
    }

    /// Whether all its names are allowed (settled, Names): the kind and tenancy by their own rules; the name 1 to 253 characters, no control
    /// characters, not `.` or `..`.
    pub fn validate(&self) -> Result<(), Invalid> {
        let checked = self
            .0
            .kind
            .validate()
            .and_then(|()| self.tenancy().validate())
            .and_then(|()| self.validate_name());
        checked.map_err(|invalid| invalid.of(self))
    }

    fn validate_name(&self) -> Result<(), Invalid> {
        let chars = self.name().chars().count();
        if chars > NAME_CHARS {
            return Err(Invalid::above("name", "characters", NAME_CHARS as u64, chars as u64));
        }
        if chars == 0
            || self.name() == "."
            || self.name() == ".."
            || self.name().chars().any(char::is_control)
        {
            let what = format!(
                "{:?} must have 1 to {NAME_CHARS} characters, none of them a control character, and not be `.` or `..`",
                self.name()
            );
            return Err(Invalid::new("name", what));
        }
        Ok(())
    }

    fn parts(&self) -> (&str, &str, &str, &str) {
        (self.kind(), self.partition(), self.namespace(), self.name())
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || (self.0.hash == other.0.hash && self.parts() == other.parts())
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.hash);
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        if Arc::ptr_eq(&self.0, &other.0) { Ordering::Equal } else { self.parts().cmp(&other.parts()) }
    }
}

/// `kind/name`, and where it is when that is not the default tenancy.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind(), self.name())?;
        if *self.tenancy() == Tenancy::default() { Ok(()) } else { write!(f, " in {}", self.tenancy()) }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
