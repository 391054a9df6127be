//! What may be committed.

use super::Write;

/// One write, several, or perhaps one: what `commit` takes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be committed",
    label = "a `Write`, or an array, `Vec` or `Option` of them, is wanted here",
    note = "a spec becomes a write by `.named(..).apply()`",
    note = "a draft becomes a write by `.apply()`, `.create()` or `.overwrite()`",
    note = "what is in a `Result` is taken out with `?` first"
)]
pub trait IntoWrites {
    /// The writes, in the order they were given.
    fn into_writes(self) -> Vec<Write>;
}

impl IntoWrites for Write {
    fn into_writes(self) -> Vec<Write> {
        vec![self]
    }
}

impl<const N: usize> IntoWrites for [Write; N] {
    fn into_writes(self) -> Vec<Write> {
        self.into()
    }
}

impl IntoWrites for Vec<Write> {
    fn into_writes(self) -> Vec<Write> {
        self
    }
}

impl IntoWrites for Option<Write> {
    fn into_writes(self) -> Vec<Write> {
        self.into_iter().collect()
    }
}
