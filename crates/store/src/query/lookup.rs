//! Lookups: from a term to the entries that have it.

use std::borrow::Cow;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use trimtab_backend::{KindName, Part};

use super::Stored;
use super::path::Path;
use crate::state::{State, TermIndex, Terms};
use crate::{DecodeError, DecodeProblem, Dynamic, Entry, Invalid, Kind, Shape, Typed};

/// Terms of entries of one kind, to find them by: which gateways use this certificate?
///
/// A lookup is a constant; declaring it on a store makes it an index. Undeclared it gives the same answers by looking at every entry:
/// an index is speed, never meaning. Its name stands for it: two lookups of one kind and name are taken for the same one.
///
/// ```
/// # use serde::{Deserialize, Serialize};
/// # use trimtab_store::{Kind, Lookup};
/// #[derive(Serialize, Deserialize)]
/// struct Gateway { certificates: Vec<String> }
/// # impl Kind for Gateway { const KIND: &'static str = "gateway"; type Status = (); }
///
/// const BY_CERTIFICATE: Lookup<Gateway> = Lookup::new("certificate", |gateway| gateway.spec.certificates.clone());
/// let from_text = Lookup::pointer("gateway", "certificate", "/spec/certificates/*")?;
/// # drop((BY_CERTIFICATE, from_text));
/// # Ok::<(), trimtab_store::Invalid>(())
/// ```
#[doc(alias = "cache.Indexer")]
pub struct Lookup<S: Shape> {
    kind: Option<KindName>,
    name: Cow<'static, str>,
    terms: TermsOf<S>,
}

enum TermsOf<S: Shape> {
    Function(fn(&S::View) -> Vec<String>),
    Path(Arc<Path>),
}

impl<K: Kind> Lookup<K> {
    /// The terms that a function gives for an entry. It must be a pure function of the entry; it is called once a version. A panic in it
    /// counts as an entry that cannot be decoded.
    pub const fn new(name: &'static str, terms: fn(&Typed<K>) -> Vec<String>) -> Self {
        Self { kind: None, name: Cow::Borrowed(name), terms: TermsOf::Function(terms) }
    }
}

impl Lookup<Dynamic> {
    /// The texts at a path in the entries of a kind. The path is a JSON pointer that begins with `/spec` or `/status`; `*` stands for every
    /// element of a list and every member of an object. What is no text has no term.
    ///
    /// # Errors
    /// [`Invalid`], naming what is wrong with the path.
    pub fn pointer(kind: impl Into<KindName>, name: &str, path: &str) -> Result<Self, Invalid> {
        let terms = TermsOf::Path(Arc::new(path.parse()?));
        Ok(Self { kind: Some(kind.into()), name: Cow::Owned(name.into()), terms })
    }
}

impl<S: Shape> Lookup<S> {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The kind it looks at.
    pub fn kind(&self) -> KindName {
        let only = || S::ONLY.expect("a lookup without a kind of its own is typed").into();
        self.kind.clone().unwrap_or_else(only)
    }

    /// The terms of an entry.
    ///
    /// # Errors
    /// [`DecodeError`] when the entry cannot be read as the kind's types.
    pub fn terms(&self, entry: &Entry) -> Result<Vec<String>, DecodeError> {
        self.terms.of(&self.name, entry)
    }

    pub(super) fn asked_for(&self, term: &str) -> Asked {
        let (terms, name) = (self.terms.clone(), self.name.clone());
        Asked {
            lookup: self.name.clone(),
            term: term.into(),
            terms: Arc::new(move |entry: &Entry| terms.of(&name, entry)),
        }
    }

    pub(crate) fn index(&self) -> TermIndex<Stored> {
        let (terms, name) = (self.terms.clone(), self.name.clone());
        TermIndex::new(Some(self.kind()), self.name.clone(), move |stored: &Stored| match stored {
            Stored::Entry(entry) => terms.of(&name, entry).map_or(Terms::Unknown, Terms::Known),
            Stored::Undecodable(_) => Terms::Unknown,
        })
    }
}

impl<S: Shape> TermsOf<S> {
    /// The terms of an entry. The function is an author's: a panic in it must not end a reader.
    fn of(&self, name: &str, entry: &Entry) -> Result<Vec<String>, DecodeError> {
        match self {
            Self::Function(terms) => {
                let terms = || S::view(entry).map(|view| terms(&view));
                let panicked =
                    || DecodeError::new(entry.key(), Part::Spec, DecodeProblem::Lookup(name.into()));
                catch_unwind(AssertUnwindSafe(terms)).unwrap_or_else(|_| Err(panicked()))
            }
            Self::Path(path) => path.texts(entry),
        }
    }
}

type AnyTerms = dyn Fn(&Entry) -> Result<Vec<String>, DecodeError> + Send + Sync;

/// A lookup with the term that is asked for, its type forgotten.
#[derive(Clone)]
pub(super) struct Asked {
    lookup: Cow<'static, str>,
    pub(super) term: String,
    terms: Arc<AnyTerms>,
}

impl Asked {
    pub(super) fn lookup(&self) -> &str {
        &self.lookup
    }

    /// Whether an entry has the term.
    pub(super) fn holds(&self, entry: &Entry) -> Result<bool, DecodeError> {
        Ok((self.terms)(entry)?.contains(&self.term))
    }
}

const OWNERS: &str = "trimtab.owner";

/// The index every store has: from an owner's uid to what it owns.
pub(crate) fn new_owner_index() -> TermIndex<Stored> {
    TermIndex::new(None, OWNERS.into(), |stored: &Stored| match stored {
        Stored::Entry(entry) => {
            Terms::Known(entry.owners().iter().map(|owner| owner.uid.to_string()).collect())
        }
        Stored::Undecodable(_) => Terms::Unknown,
    })
}

pub(super) fn owner_index(state: &State<Stored>) -> Option<Arc<TermIndex<Stored>>> {
    state.index(None, OWNERS)
}

impl<S: Shape> Clone for TermsOf<S> {
    fn clone(&self) -> Self {
        match self {
            Self::Function(terms) => Self::Function(*terms),
            Self::Path(path) => Self::Path(Arc::clone(path)),
        }
    }
}

impl<S: Shape> Clone for Lookup<S> {
    fn clone(&self) -> Self {
        Self { kind: self.kind.clone(), name: self.name.clone(), terms: self.terms.clone() }
    }
}

impl<S: Shape> fmt::Debug for Lookup<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lookup").field("kind", &self.kind()).field("name", &self.name).finish_non_exhaustive()
    }
}
