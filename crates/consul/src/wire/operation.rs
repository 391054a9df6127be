//! The operations of a transaction as `/v1/txn` takes them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Serialize, Serializer};

/// One operation on a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    /// Gives the entry, or an empty one; nothing at all where the right to read is missing.
    Get(String),
    /// Gives every entry under a prefix that may be read.
    Tree(String),
    /// Fails unless the entry was last written at this index.
    CheckIndex { key: String, index: u64 },
    /// Fails if there is an entry.
    CheckAbsent(String),
    /// Writes if the entry was last written at this index, or with 0 if there is none.
    Cas { key: String, index: u64, flags: u64, value: Bytes },
    /// Writes.
    Set { key: String, flags: u64, value: Bytes },
    /// Removes; succeeds without an entry too, and so never stands for a condition (contract T2).
    Delete(String),
    /// Removes everything under a prefix.
    DeleteTree(String),
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Kv<'a> {
    verb: &'static str,
    key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    #[serde(skip_serializing_if = "is_zero")]
    flags: u64,
    #[serde(skip_serializing_if = "is_zero")]
    index: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Serialize for Op {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename = "KV")]
        struct Envelope<'a> {
            #[serde(rename = "KV")]
            kv: Kv<'a>,
        }
        let bare = |verb, key| Kv { verb, key, value: None, flags: 0, index: 0 };
        let kv = match self {
            Self::Get(key) => bare("get-or-empty", key),
            Self::Tree(key) => bare("get-tree", key),
            Self::CheckIndex { key, index } => Kv { index: *index, ..bare("check-index", key) },
            Self::CheckAbsent(key) => bare("check-not-exists", key),
            Self::Cas { key, index, flags, value } => {
                let value = Some(STANDARD.encode(value));
                Kv { value, flags: *flags, index: *index, ..bare("cas", key) }
            }
            Self::Set { key, flags, value } => {
                Kv { value: Some(STANDARD.encode(value)), flags: *flags, ..bare("set", key) }
            }
            Self::Delete(key) => bare("delete", key),
            Self::DeleteTree(key) => bare("delete-tree", key),
        };
        Envelope { kv }.serialize(serializer)
    }
}

/// The body of a request to `/v1/txn`.
pub(crate) fn body(operations: &[Op]) -> Bytes {
    serde_json::to_vec(operations).expect("texts and numbers have a form in JSON").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_written_as_consul_reads_them() {
        let ops = [
            Op::Cas { key: "a".into(), index: 0, flags: u64::MAX, value: "x".into() },
            Op::CheckIndex { key: "b".into(), index: 7 },
            Op::Set { key: "c".into(), flags: 0, value: Bytes::new() },
            Op::Delete("d".into()),
        ];
        let text = String::from_utf8(body(&ops).to_vec()).unwrap();
        assert_eq!(
            text,
            concat!(
                r#"[{"KV":{"Verb":"cas","Key":"a","Value":"eA==","Flags":18446744073709551615}},"#,
                r#"{"KV":{"Verb":"check-index","Key":"b","Index":7}},"#,
                r#"{"KV":{"Verb":"set","Key":"c","Value":""}},"#,
                r#"{"KV":{"Verb":"delete","Key":"d"}}]"#
            )
        );
    }
}
