//! Deleting what nobody can read.

use trimtab_backend::{Backend as _, Expect, Invalid, Key, Operation, Part, Position, Transaction};

use super::{Store, door};
use crate::{DecodeProblem, Entry, WriteError};

impl Store {
    /// Deletes an entry that cannot be read, both halves, at the version that is there now. Which finalizers would hold it cannot be told, so none is waited for.
    /// `None`: it can be read by now, or is not there; then it is an entry like any other. Answers when the view includes it, or after 1 s.
    ///
    /// # Errors
    /// [`WriteError`]. One that a newer release wrote is [`WriteError::Invalid`]: that release can read it.
    ///
    /// # Cancel safety
    /// As [`Store::commit`].
    pub async fn discard(&self, key: &Key) -> Result<Option<Position>, WriteError> {
        let core = self.core();
        let (_, records) = core.backend.read(std::slice::from_ref(key)).await.map_err(door::unread)?;
        let half = |part| records.iter().find(|record| record.part == part).cloned();
        let Some(spec) = half(Part::Spec) else { return Ok(None) };
        let expect = Expect::At(spec.version);
        match Entry::from_records(spec, half(Part::Status)) {
            Ok(_) => return Ok(None),
            Err(error) if matches!(error.problem, DecodeProblem::NewerFormat { .. }) => {
                return Err(Invalid::new("entry", error.to_string()).of(key).into());
            }
            Err(_) => {}
        }
        let delete = Transaction::of([Operation::Delete { key: key.clone(), expect }]);
        let position = door::outcome(core, delete, &[]).await?.position();
        self.until_seen(position).await;
        Ok(Some(position))
    }
}
