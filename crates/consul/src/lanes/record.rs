//! What stands in a lane's key and in its slots.
//!
//! Both are a line of JSON; a slot's line is followed by a newline and the values that it carries, one behind the other, as records of entries have it. Values
//! are carried as long as they are small: Consul keeps no history, and a value that was overwritten could not be told any more.

use bytes::{Bytes, BytesMut};
use serde::{Deserialize, Serialize};
use trimtab_backend::{Key, KindName, Operation, Part, Tenancy, Transaction};

/// The last transaction of a lane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LaneRecord {
    /// Numbers of transactions begin with 1 and have no gaps; 0: there was none yet.
    #[serde(rename = "seq")]
    pub(crate) number: u64,
    /// The transaction's, or the abort's.
    pub(crate) id: String,
    /// It was settled that this number commits nothing.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) aborted: bool,
}

/// What one number of a lane did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CommitRecord {
    pub(crate) lane: LaneRecord,
    pub(crate) changes: Vec<Told>,
}

/// One change of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Put {
        key: Key,
        part: Part,
        /// It was put where nothing was.
        new: bool,
        value: Value,
    },
    Delete(Key),
}

/// The value of a put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Carried(Bytes),
    /// Too large to be written twice: it stands in the entry alone, until that is overwritten.
    Apart,
}

#[derive(Serialize, Deserialize)]
struct Line {
    #[serde(flatten)]
    lane: LaneRecord,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    changes: Vec<Change>,
}

#[derive(Serialize, Deserialize)]
struct Change {
    /// Kind, partition, namespace, name.
    key: (String, String, String, String),
    /// `s`, `t`, or `d` for a delete of both.
    part: char,
    #[serde(default, skip_serializing_if = "is_false")]
    new: bool,
    /// Bytes of the value, when it is carried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bytes: Option<usize>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

impl LaneRecord {
    pub(crate) fn encode(&self) -> Bytes {
        serde_json::to_vec(self).expect("numbers and texts have a form in JSON").into()
    }

    pub(crate) fn decode(value: &[u8]) -> Option<Self> {
        serde_json::from_slice(value).ok()
    }
}

impl CommitRecord {
    /// The record of a transaction; its values are carried when all of them together have at most `carried` bytes.
    pub(crate) fn of(lane: LaneRecord, transaction: &Transaction, carried: usize) -> Self {
        let bytes = |operation: &Operation| match operation {
            Operation::Put { value, .. } => value.len(),
            Operation::Delete { .. } => 0,
        };
        let small = transaction.operations.iter().map(bytes).sum::<usize>() <= carried;
        let told = |operation: &Operation| match operation {
            Operation::Put { key, part, value, expect } => Told::Put {
                key: key.clone(),
                part: *part,
                new: *expect == trimtab_backend::Expect::Absent,
                value: if small { Value::Carried(value.clone()) } else { Value::Apart },
            },
            Operation::Delete { key, .. } => Told::Delete(key.clone()),
        };
        Self { lane, changes: transaction.operations.iter().map(told).collect() }
    }

    pub(crate) fn encode(&self) -> Bytes {
        let changes = self.changes.iter().map(Change::of).collect();
        let line = Line { lane: self.lane.clone(), changes };
        let mut bytes =
            BytesMut::from(&*serde_json::to_vec(&line).expect("numbers and texts have a form in JSON"));
        bytes.extend_from_slice(b"\n");
        for change in &self.changes {
            if let Told::Put { value: Value::Carried(value), .. } = change {
                bytes.extend_from_slice(value);
            }
        }
        bytes.freeze()
    }

    /// Nothing when it was not written by us.
    pub(crate) fn decode(record: &Bytes) -> Option<Self> {
        let newline = record.iter().position(|&byte| byte == b'\n')?;
        let line: Line = serde_json::from_slice(&record[..newline]).ok()?;
        let mut values = record.slice(newline + 1..);
        let mut changes = Vec::with_capacity(line.changes.len());
        for change in line.changes {
            changes.push(change.told(&mut values)?);
        }
        values.is_empty().then_some(Self { lane: line.lane, changes })
    }
}

impl Change {
    fn of(told: &Told) -> Self {
        let names = |key: &Key| {
            (key.kind().into(), key.partition().into(), key.namespace().into(), key.name().into())
        };
        match told {
            Told::Put { key, part, new, value } => Self {
                key: names(key),
                part: if *part == Part::Spec { 's' } else { 't' },
                new: *new,
                bytes: if let Value::Carried(value) = value { Some(value.len()) } else { None },
            },
            Told::Delete(key) => Self { key: names(key), part: 'd', new: false, bytes: None },
        }
    }

    /// Takes its value off the front of the values.
    fn told(self, values: &mut Bytes) -> Option<Told> {
        let (kind, partition, namespace, name) = self.key;
        let key = Key::within(KindName::new(&kind), Tenancy::new(&partition, &namespace), &name);
        let part = match self.part {
            's' => Part::Spec,
            't' => Part::Status,
            'd' => return Some(Told::Delete(key)),
            _ => return None,
        };
        let value = match self.bytes {
            Some(bytes) if bytes > values.len() => return None,
            Some(bytes) => Value::Carried(values.split_to(bytes)),
            None => Value::Apart,
        };
        Some(Told::Put { key, part, new: self.new, value })
    }
}

#[cfg(test)]
mod tests {
    use trimtab_backend::Expect;

    use super::*;

    fn transaction() -> Transaction {
        let put = |name, value: &'static [u8], expect| Operation::Put {
            key: Key::new("site", name).in_namespace("shop"),
            part: Part::Status,
            value: value.into(),
            expect,
        };
        let gone = Operation::Delete { key: Key::new("site", "é\n/"), expect: Expect::Anything };
        Transaction::of([put("a", b"{}\n\x00\xff", Expect::Absent), gone, put("b", b"", Expect::Anything)])
    }

    fn lane() -> LaneRecord {
        LaneRecord { number: 7, id: "0f".into(), aborted: false }
    }

    #[test]
    fn a_record_comes_back_with_its_values_or_without() {
        for carried in [0, 5] {
            let record = CommitRecord::of(lane(), &transaction(), carried);
            assert_eq!(CommitRecord::decode(&record.encode()), Some(record));
        }
        let apart = CommitRecord::of(lane(), &transaction(), 3);
        assert!(matches!(&apart.changes[0], Told::Put { value: Value::Apart, new: true, .. }));
    }

    #[test]
    fn a_record_is_a_line_that_people_can_read() {
        let put = Operation::Put {
            key: Key::new("site", "blog"),
            part: Part::Spec,
            value: "{}\n{}".into(),
            expect: Expect::Absent,
        };
        let record = CommitRecord::of(lane(), &Transaction::of([put]), 100);
        let text = r#"{"seq":7,"id":"0f","changes":[{"key":["site","default","default","blog"],"part":"s","new":true,"bytes":5}]}"#;
        assert_eq!(record.encode(), format!("{text}\n{{}}\n{{}}"));
        let aborted = LaneRecord { aborted: true, ..lane() };
        assert_eq!(aborted.encode(), r#"{"seq":7,"id":"0f","aborted":true}"#);
        assert_eq!(LaneRecord::decode(&aborted.encode()), Some(aborted));
    }

    #[test]
    fn what_is_cut_or_foreign_is_no_record() {
        let whole = CommitRecord::of(lane(), &transaction(), 100).encode();
        for length in 0..whole.len() {
            assert_eq!(CommitRecord::decode(&whole.slice(..length)), None, "{length}");
        }
        assert_eq!(CommitRecord::decode(&"{}\n".into()), None);
        assert_eq!(LaneRecord::decode(b"1"), None);
    }
}
