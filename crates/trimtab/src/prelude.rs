//! The names that nearly every program with a controller uses: `use trimtab::prelude::*;`.
//!
//! `Result<T>` is this crate's, with [`Error`] as its default error; `Result<T, E>` is std's. The extension traits come without a name. Beside anyhow's trait of the same name write
//! `use anyhow::Context as _;`.

pub use crate::{
    Action, Change, Condition, Conditions, Context, Controller, Error, Kind, Manager, Reconciler, Request,
    Result, Source, Store, Typed, reconcile_fn, reconcile_with,
};
#[doc(no_inline)]
pub use crate::{KindKey as _, OptionExt as _, ResultExt as _};
