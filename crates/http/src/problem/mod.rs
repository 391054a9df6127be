//! From what went wrong to a problem document.
//!
//! Every handler ends with a [`Refusal`] when it cannot do what was asked, whoever found out: the extractors, the store, the handler itself. So there is one place where codes, titles and
//! headers are decided.

mod kind;
mod refusal;
mod sources;

pub(crate) use refusal::Refusal;
