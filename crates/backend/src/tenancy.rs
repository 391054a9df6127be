//! Partition and namespace: whose an entry is.

use std::fmt;
use std::sync::{Arc, LazyLock};

use crate::Invalid;

const DEFAULT: &str = "default";

/// The longest partition or namespace, in characters.
pub(crate) const SEGMENT_CHARS: usize = 63;

/// A partition and a namespace. 8 bytes, one count to clone. `default`/`default` unless told.
///
/// ```
/// use trimtab_backend::Tenancy;
///
/// let tenancy = Tenancy::in_namespace("shop");
/// assert_eq!((tenancy.partition(), tenancy.namespace()), ("default", "shop"));
/// assert_eq!(Tenancy::default().to_string(), "default/default");
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[doc(alias = "acl.EnterpriseMeta")]
pub struct Tenancy(Arc<Parts>);

#[derive(PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Parts {
    partition: Box<str>,
    namespace: Box<str>,
}

static DEFAULT_TENANCY: LazyLock<Tenancy> = LazyLock::new(|| Tenancy::new(DEFAULT, DEFAULT));

impl Tenancy {
    /// A partition and a namespace as given; whether the names are allowed is checked at the door.
    pub fn new(partition: &str, namespace: &str) -> Self {
        Self(Arc::new(Parts { partition: partition.into(), namespace: namespace.into() }))
    }

    /// A namespace of the default partition.
    pub fn in_namespace(namespace: &str) -> Self {
        if namespace == DEFAULT { Self::default() } else { Self::new(DEFAULT, namespace) }
    }

    /// The partition.
    pub fn partition(&self) -> &str {
        &self.0.partition
    }

    /// The namespace.
    pub fn namespace(&self) -> &str {
        &self.0.namespace
    }

    /// Whether both names are allowed: `[a-z0-9][a-z0-9-]{0,62}` (settled, Names).
    pub fn validate(&self) -> Result<(), Invalid> {
        segment("partition", self.partition())?;
        segment("namespace", self.namespace())
    }
}

fn segment(field: &'static str, text: &str) -> Result<(), Invalid> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if text.chars().count() > SEGMENT_CHARS {
        return Err(Invalid::above(field, "characters", SEGMENT_CHARS as u64, text.chars().count() as u64));
    }
    if text.is_empty() || text.starts_with('-') || !text.chars().all(allowed) {
        let what = format!("`{text}` must be lower-case letters, digits and `-`, not beginning with `-`");
        return Err(Invalid::new(field, what));
    }
    Ok(())
}

impl Default for Tenancy {
    fn default() -> Self {
        DEFAULT_TENANCY.clone()
    }
}

impl fmt::Display for Tenancy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.partition(), self.namespace())
    }
}

impl fmt::Debug for Tenancy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Which tenancies: each half is one name, or all when absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct TenancyPattern {
    /// One partition; all when absent.
    pub partition: Option<String>,
    /// One namespace; all when absent.
    pub namespace: Option<String>,
}

impl TenancyPattern {
    /// All partitions and namespaces.
    pub const ANY: Self = Self { partition: None, namespace: None };

    /// Exactly this tenancy.
    pub fn exactly(tenancy: &Tenancy) -> Self {
        Self { partition: Some(tenancy.partition().into()), namespace: Some(tenancy.namespace().into()) }
    }

    /// Whether a tenancy is one of these.
    pub fn matches(&self, tenancy: &Tenancy) -> bool {
        let fits =
            |wanted: &Option<String>, found: &str| wanted.as_deref().is_none_or(|wanted| wanted == found);
        fits(&self.partition, tenancy.partition()) && fits(&self.namespace, tenancy.namespace())
    }
}
