//! How a store is opened.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use trimtab_backend::{AnyBackend, FollowError, Invalid, KindName, Scope};
use trimtab_seams::Seams;

use super::core::{Core, Rule};
use super::{Store, follower};
use crate::Entry;

/// What to follow, and with which seams. From [`Store::builder`].
///
/// ```
/// use std::time::Duration;
/// use trimtab_store::{Memory, Store};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store =
///     Store::builder(Memory::new()).kinds(["site", "certificate"]).patience(Duration::from_secs(5)).open().await?;
/// assert!(store.list_kind("site").all()?.is_empty());
/// assert!(store.list_kind("gateway").all().is_err(), "nobody follows gateways here, so nobody can say");
/// # Ok(()) }
/// ```
#[must_use = "a builder opens nothing until `open` is awaited"]
pub struct StoreBuilder {
    backend: AnyBackend,
    scope: Scope,
    kinds: Vec<KindName>,
    seams: Option<Seams>,
    patience: Duration,
    rule: Option<Rule>,
}

/// Why a store could not be opened.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The backend refused to be followed, or stayed unavailable for as long as [`StoreBuilder::patience`] allows.
    #[error("open the store: {0}")]
    Follow(#[from] FollowError),
    /// What is to be followed breaks a rule.
    #[error("open the store: {0}")]
    Invalid(#[from] Invalid),
}

impl StoreBuilder {
    pub(super) fn new(backend: AnyBackend) -> Self {
        let patience = Duration::from_secs(30);
        Self { backend, scope: Scope::All, kinds: Vec::new(), seams: None, patience, rule: None }
    }

    /// Follows this part of the backend. Default: all kinds but the reserved ones. What is not followed cannot be read (behaviour C23).
    pub fn scope(self, scope: Scope) -> Self {
        Self { scope, kinds: Vec::new(), ..self }
    }

    /// Follows these kinds. One kind is asked of the backend as such; several are picked from everything it tells (settled, Store).
    pub fn kinds<K: Into<KindName>>(self, kinds: impl IntoIterator<Item = K>) -> Self {
        let mut kinds: Vec<KindName> = kinds.into_iter().map(Into::into).collect();
        kinds.sort();
        kinds.dedup();
        match kinds.as_slice() {
            [one] => Self { scope: Scope::Kind(one.clone()), kinds: Vec::new(), ..self },
            _ => Self { scope: Scope::All, kinds, ..self },
        }
    }

    /// Clock, randomness and spawning, for the store and all that stands on it. Default: [`Seams::tokio`].
    pub fn seams(self, seams: &Seams) -> Self {
        Self { seams: Some(seams.clone()), ..self }
    }

    /// How long [`StoreBuilder::open`] goes on trying while the backend is unavailable. Default 30 s. Once open, a store tries for ever.
    pub fn patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// What a spec must satisfy beside the limits, whoever writes it: called by the door with the entry as it would be, whenever its spec is new or different. Not
    /// called when the spec stays as it is, so that an entry from before the rule can still be labelled, let go and deleted. Must not wait, nor write. For kinds that
    /// are Rust types [`Kind::validate`](crate::Kind::validate) is the place. The default: no rule.
    ///
    /// ```
    /// use serde_json::json;
    /// use trimtab_store::{Draft, Invalid, Memory, Store};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let store = Store::builder(Memory::new())
    ///     .rule(|entry| match entry.spec_value() {
    ///         Ok(spec) if spec["port"].is_u64() => Ok(()),
    ///         _ => Err(Invalid::new("spec.port", "must be a whole number")),
    ///     })
    ///     .open()
    ///     .await?;
    /// let refused = store.commit(Draft::json("site", "blog", &json!({ "port": "http" })).apply()).await.unwrap_err();
    /// assert_eq!(refused.to_string(), "invalid: site/blog: spec.port must be a whole number");
    /// # Ok(()) }
    /// ```
    pub fn rule(self, rule: impl Fn(&Entry) -> Result<(), Invalid> + Send + Sync + 'static) -> Self {
        Self { rule: Some(Box::new(rule)), ..self }
    }

    /// Opens the store: answers when the first snapshot is in memory.
    ///
    /// # Errors
    /// [`OpenError`].
    ///
    /// # Panics
    /// As [`Seams::spawn`].
    ///
    /// # Cancel safety
    /// Dropping the future ends the follower it started.
    pub async fn open(self) -> Result<Store, OpenError> {
        for kind in self.kinds.iter().chain(match &self.scope {
            Scope::Kind(kind) | Scope::Within(kind, _) => Some(kind),
            _ => None,
        }) {
            kind.validate()?;
        }
        if let Some(kind) = self.kinds.iter().find(|kind| kind.is_reserved()) {
            let what = format!(
                "`{kind}` is reserved and cannot be followed together with others; open a store for it"
            );
            return Err(Invalid::new("kinds", what).into());
        }
        let seams = self.seams.unwrap_or_else(Seams::tokio);
        let core = Arc::new(Core::new(self.backend, seams.clone(), self.scope, self.kinds, self.rule));
        let store = Store::new(Arc::clone(&core));
        seams.spawn("trimtab store follower", follower::run(Arc::clone(&core)));
        let mut patience = seams.sleep(self.patience);
        let mut opening = std::pin::pin!(core.opening.or(&mut patience));
        if opening.as_mut().await.is_some() {
            core.set_opened(Err(core.last_error().unwrap_or(FollowError::UNREACHABLE).into()));
        }
        match core.opened() {
            Some(Err(error)) => Err(error),
            _ => Ok(store),
        }
    }
}

impl fmt::Debug for StoreBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreBuilder")
            .field("scope", &self.scope)
            .field("kinds", &self.kinds)
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}
