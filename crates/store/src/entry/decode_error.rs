//! Why a record cannot be read.

use trimtab_backend::{Key, Part};

/// A record of this entry cannot be read. Clear and final for this version of the entry: reading it again gives the same answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot read the {} of {key}: {problem}", name(*part))]
pub struct DecodeError {
    /// The entry.
    pub key: Key,
    /// Its half.
    pub part: Part,
    /// What is wrong with it.
    pub problem: DecodeProblem,
}

/// What is wrong with a record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeProblem {
    /// A newer release wrote it.
    #[error(
        "it is in format {found}, this release reads formats up to {known}; run the release that wrote it, or a newer one"
    )]
    NewerFormat {
        /// The format it says it has.
        found: u32,
        /// The newest format read here.
        known: u32,
    },
    /// Its header line is not one of ours.
    #[error("its header line is malformed ({0}); it was not written by Trimtab, or was damaged")]
    Header(String),
    /// Its payload is not JSON text.
    #[error("its payload is not JSON ({0})")]
    Json(String),
    /// Its payload is JSON, but not of the type asked for.
    #[error("its payload does not fit the type ({0})")]
    Payload(String),
    /// A lookup panicked over it.
    #[error("the lookup `{0}` panicked over it; make it give no terms for what it cannot tell")]
    Lookup(String),
    /// A kind was asked for that the entry is not of.
    #[error("it was asked for as `{0}`")]
    Kind(&'static str),
}

impl DecodeError {
    pub(crate) fn new(key: &Key, part: Part, problem: DecodeProblem) -> Self {
        Self { key: key.clone(), part, problem }
    }
}

const fn name(part: Part) -> &'static str {
    match part {
        Part::Spec => "spec",
        Part::Status => "status",
    }
}
