//! What an author says about a kind of entries: its name and its types.

use serde::Serialize;
use serde::de::DeserializeOwned;
use trimtab_backend::Invalid;

use super::{DecodeError, Entry, Typed};
use crate::Draft;

/// A kind of entries, implemented on the type of its spec.
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use trimtab_backend::Invalid;
/// use trimtab_store::Kind;
///
/// #[derive(Serialize, Deserialize)]
/// struct Site { host: String, port: Option<u16> }
///
/// #[derive(Serialize, Deserialize, Default)]
/// struct SiteStatus { serving: bool }
///
/// impl Kind for Site {
///     const KIND: &'static str = "site";
///     type Status = SiteStatus;
///
///     fn normalize(&mut self) {
///         self.host.make_ascii_lowercase();
///     }
///     fn validate(&self) -> Result<(), Invalid> {
///         if self.host.is_empty() { Err(Invalid::new("spec.host", "must not be empty")) } else { Ok(()) }
///     }
/// }
///
/// let write = Site { host: "Example.org".into(), port: None }.named("blog").apply();
/// # drop(write);
/// ```
///
/// A kind without a status says `type Status = ();`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a kind of entry",
    label = "a kind is wanted here",
    note = "make it one: `impl Kind for {Self} {{ const KIND: &'static str = \"my-kind\"; type Status = (); }}`",
    note = "a kind derives `serde::Serialize` and `serde::Deserialize`"
)]
pub trait Kind: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The name of the kind: `[a-z][a-z0-9.-]{0,62}`, not beginning with `trimtab.`.
    const KIND: &'static str;

    /// The type of the status. Its default stands for a status that was never written.
    type Status: Serialize + DeserializeOwned + Default + Send + Sync + 'static;

    /// Brings a spec into the one form it is stored in: defaults filled in, names in lower case. Called before every typed write. Doing it twice
    /// must be the same as doing it once. Provided: does nothing.
    fn normalize(&mut self) {}

    /// Whether a spec may be stored. Called on what every typed write is about to store; name the field as `spec.host`. Provided: any may.
    fn validate(&self) -> Result<(), Invalid> {
        Ok(())
    }

    /// A draft of an entry of this name and spec.
    fn named(self, name: impl AsRef<str>) -> Draft
    where
        Self: Sized,
    {
        Draft::new(name.as_ref(), self)
    }
}

/// Entries of any kind, seen as JSON: what stands where a [`Kind`] is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dynamic {}

/// How an entry is seen: typed by a [`Kind`], or as it is by [`Dynamic`]. Nobody needs to name it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a kind of entry",
    label = "a kind, or `Dynamic`, is wanted here",
    note = "make it one: `impl Kind for {Self} {{ const KIND: &'static str = \"my-kind\"; type Status = (); }}`"
)]
pub trait Shape: 'static {
    /// The entry so seen.
    type View: AsRef<Entry> + Clone + Send + Sync + 'static;

    /// The one kind that is seen so; none for any.
    const ONLY: Option<&'static str>;

    /// Sees an entry so.
    fn view(entry: &Entry) -> Result<Self::View, DecodeError>;
}

impl<K: Kind> Shape for K {
    type View = Typed<K>;
    const ONLY: Option<&'static str> = Some(K::KIND);

    fn view(entry: &Entry) -> Result<Typed<K>, DecodeError> {
        entry.typed()
    }
}

impl Shape for Dynamic {
    type View = Entry;
    const ONLY: Option<&'static str> = None;

    fn view(entry: &Entry) -> Result<Entry, DecodeError> {
        Ok(entry.clone())
    }
}
