//! What Consul answers to transactions and lists.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Deserialize;
use trimtab_backend::Index;

/// An entry of the key-value store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) value: Bytes,
    pub(crate) created: Index,
    /// Zero: there is none.
    pub(crate) modified: Index,
}

impl Entry {
    /// Whether it exists; [`Op::Get`](super::Op::Get) gives an empty one for what does not.
    pub(crate) fn exists(&self) -> bool {
        self.modified > Index::ZERO
    }
}

/// Why an operation failed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct OpError {
    #[serde(rename = "OpIndex")]
    pub(crate) operation: usize,
    #[serde(rename = "What")]
    pub(crate) what: String,
}

/// The answer to a transaction: its results, or every operation that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TxnAnswer {
    pub(crate) results: Vec<Entry>,
    pub(crate) errors: Vec<OpError>,
    /// Consul says that it left out what this token may not read. It does not say so to everybody.
    pub(crate) filtered: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Kv<'a> {
    #[serde(borrow)]
    key: Cow<'a, str>,
    #[serde(borrow)]
    value: Option<Cow<'a, str>>,
    create_index: u64,
    modify_index: u64,
}

impl Kv<'_> {
    fn entry(self) -> Result<Entry, String> {
        let value = self.value.as_deref().unwrap_or_default();
        let value = STANDARD.decode(value).map_err(|error| format!("the value of {}: {error}", self.key))?;
        Ok(Entry {
            key: self.key.into_owned(),
            value: value.into(),
            created: Index::new(self.create_index),
            modified: Index::new(self.modify_index),
        })
    }
}

/// Reads the answer to a transaction.
///
/// # Errors
/// What does not fit.
pub(crate) fn txn_answer(body: &[u8]) -> Result<TxnAnswer, String> {
    #[derive(Deserialize)]
    struct Result<'a> {
        #[serde(rename = "KV", borrow)]
        kv: Kv<'a>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Answer<'a> {
        #[serde(borrow)]
        results: Option<Vec<Result<'a>>>,
        errors: Option<Vec<OpError>>,
        #[serde(default, rename = "ResultsFilteredByACLs")]
        filtered: bool,
    }
    let answer: Answer<'_> = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let results = answer.results.unwrap_or_default().into_iter().map(|result| result.kv.entry());
    let results = results.collect::<std::result::Result<_, _>>()?;
    Ok(TxnAnswer { results, errors: answer.errors.unwrap_or_default(), filtered: answer.filtered })
}

/// Reads a list of entries.
///
/// # Errors
/// What does not fit.
pub(crate) fn entries(body: &[u8]) -> Result<Vec<Entry>, String> {
    let entries: Vec<Kv<'_>> = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    entries.into_iter().map(Kv::entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_and_errors_are_read() {
        let done = br#"{"Results":[{"KV":{"LockIndex":0,"Key":"a\/b","Flags":0,"Value":"eA==","CreateIndex":3,"ModifyIndex":4}},
            {"KV":{"LockIndex":0,"Key":"c","Flags":0,"Value":null,"CreateIndex":0,"ModifyIndex":0}}],"Errors":null}"#;
        let answer = txn_answer(done).unwrap();
        let entry =
            Entry { key: "a/b".into(), value: "x".into(), created: Index::new(3), modified: Index::new(4) };
        assert_eq!(answer.results[0], entry);
        assert!(!answer.results[1].exists());
        let failed = br#"{"Results":null,"Errors":[{"OpIndex":2,"What":"key \"a\" exists"}]}"#;
        let failed = txn_answer(failed).unwrap();
        assert_eq!(failed.errors, [OpError { operation: 2, what: "key \"a\" exists".into() }]);
        assert!(txn_answer(b"<html>").is_err());
        assert!(entries(br#"[{"Key":"a","Value":"?","CreateIndex":1,"ModifyIndex":1}]"#).is_err());
    }
}
