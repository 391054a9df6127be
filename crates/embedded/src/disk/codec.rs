//! How records and changes are written as bytes.
//!
//! A key is its four names with a zero byte after each: names hold no control characters, so keys sort as bytes as they sort as names, and the
//! records of a kind lie together. Numbers are little endian and of fixed width: shorter ones would save a tenth of a small record, and every
//! reader would have to know how.
//!
//! A commit is its changes one after another. Of a put: the half (0 spec, 1 status), the key after its length (u16), the index that began this
//! life (u64), the value after its length (u32). Of a delete: 2, the key, the index.

use trimtab_backend::{Index, Key, KindName, Part, Record, RecordChange, Tenancy};

use super::ReadError;

const DELETE: u8 = 2;

const fn code(part: Part) -> u8 {
    match part {
        Part::Spec => 0,
        Part::Status => 1,
    }
}

fn part_of(code: u8) -> Result<Part, ReadError> {
    match code {
        0 => Ok(Part::Spec),
        1 => Ok(Part::Status),
        other => Err(ReadError(format!("a record has the half {other}, which there is not"))),
    }
}

/// The bytes of a key, as records lie under it with one more byte for the half.
pub(crate) fn encode_key(key: &Key, into: &mut Vec<u8>) {
    for name in [key.kind(), key.partition(), key.namespace(), key.name()] {
        into.extend_from_slice(name.as_bytes());
        into.push(0);
    }
}

/// The key under which a record lies.
pub(crate) fn record_key(key: &Key, part: Part) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(key.encoded_bytes() + 5);
    encode_key(key, &mut bytes);
    bytes.push(code(part));
    bytes
}

/// The value that lies there: both indexes, then the value as it came.
pub(crate) fn record_value(record: &Record) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(16 + record.value.len());
    bytes.extend_from_slice(&record.created.get().to_le_bytes());
    bytes.extend_from_slice(&record.version.get().to_le_bytes());
    bytes.extend_from_slice(&record.value);
    bytes
}

/// Reads keys; neighbours share their kind and tenancy in memory.
#[derive(Debug, Default)]
pub(crate) struct KeyReader {
    last: Option<(KindName, Tenancy)>,
}

impl KeyReader {
    pub(crate) fn key(&mut self, bytes: &[u8]) -> Result<Key, ReadError> {
        let malformed = || ReadError("a key is not four names".into());
        let text = std::str::from_utf8(bytes).map_err(|_| malformed())?;
        let mut names = text.strip_suffix('\0').ok_or_else(malformed)?.split('\0');
        let mut next = || names.next().ok_or_else(malformed);
        let (kind, partition, namespace, name) = (next()?, next()?, next()?, next()?);
        if names.next().is_some() {
            return Err(malformed());
        }
        let known = self.last.take().filter(|(last_kind, tenancy)| {
            last_kind.as_str() == kind && (tenancy.partition(), tenancy.namespace()) == (partition, namespace)
        });
        let (kind, tenancy) =
            known.unwrap_or_else(|| (KindName::new(kind), Tenancy::new(partition, namespace)));
        self.last = Some((kind.clone(), tenancy.clone()));
        Ok(Key::within(kind, tenancy, name))
    }

    /// Reads a record from where it lies.
    pub(crate) fn record(&mut self, key: &[u8], value: &[u8]) -> Result<Record, ReadError> {
        let (half, key) = key.split_last().ok_or_else(|| ReadError("a record has no key".into()))?;
        let (key, part) = (self.key(key)?, part_of(*half)?);
        let mut value = Reader(value);
        let (created, version) = (value.index()?, value.index()?);
        Ok(Record { key, part, value: value.0.to_vec().into(), created, version })
    }

    /// Reads the changes of the commit at `index`.
    pub(crate) fn changes(&mut self, index: Index, bytes: &[u8]) -> Result<Vec<RecordChange>, ReadError> {
        let mut bytes = Reader(bytes);
        let mut changes = Vec::new();
        while !bytes.0.is_empty() {
            let [tag] = bytes.array()?;
            let length = u16::from_le_bytes(bytes.array()?);
            let key = self.key(bytes.take(length.into())?)?;
            let created = bytes.index()?;
            changes.push(if tag == DELETE {
                RecordChange::Delete { key, created }
            } else {
                let length = u32::from_le_bytes(bytes.array()?);
                let value = bytes.take(length as usize)?.to_vec().into();
                RecordChange::Put(Record { key, part: part_of(tag)?, value, created, version: index })
            });
        }
        Ok(changes)
    }
}

/// Writes the changes of a commit.
///
/// # Panics
/// On a key above 64 KiB or a value of 4 GiB: a transaction is validated before it comes here.
pub(crate) fn encode_changes(changes: &[RecordChange]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for change in changes {
        let (tag, created) = match change {
            RecordChange::Put(record) => (code(record.part), record.created),
            RecordChange::Delete { created, .. } => (DELETE, *created),
        };
        bytes.push(tag);
        let key_at = bytes.len() + 2;
        bytes.extend_from_slice(&[0, 0]);
        encode_key(change.key(), &mut bytes);
        let length = u16::try_from(bytes.len() - key_at).expect("a valid key is below 64 KiB");
        bytes[key_at - 2..key_at].copy_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(&created.get().to_le_bytes());
        if let RecordChange::Put(record) = change {
            let length = u32::try_from(record.value.len()).expect("a valid value is below 4 GiB");
            bytes.extend_from_slice(&length.to_le_bytes());
            bytes.extend_from_slice(&record.value);
        }
    }
    bytes
}

/// How many bytes [`encode_changes`] makes of them.
pub(crate) fn encoded_bytes(changes: &[RecordChange]) -> u64 {
    let size = |change: &RecordChange| {
        let value = match change {
            RecordChange::Put(record) => 4 + record.value.len(),
            RecordChange::Delete { .. } => 0,
        };
        1 + 2 + change.key().encoded_bytes() + 4 + 8 + value
    };
    changes.iter().map(size).sum::<usize>() as u64
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], ReadError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or_else(|| {
            ReadError(format!("{length} bytes were expected where {} are left", self.0.len()))
        })?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ReadError> {
        self.take(N).map(|taken| taken.try_into().expect("exactly as many were taken"))
    }

    fn index(&mut self) -> Result<Index, ReadError> {
        self.array().map(u64::from_le_bytes).map(Index::new)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> impl Strategy<Value = Key> {
        ("[a-z]{1,9}", "[a-z]{1,3}", "[a-z]{1,3}", "[^\\p{C}]{1,20}").prop_map(
            |(kind, partition, namespace, name)| {
                Key::within(KindName::new(&kind), Tenancy::new(&partition, &namespace), &name)
            },
        )
    }

    fn change() -> impl Strategy<Value = RecordChange> {
        let put = (key(), any::<bool>(), prop::collection::vec(any::<u8>(), 0..50), any::<u64>()).prop_map(
            |(key, spec, value, created)| {
                let part = if spec { Part::Spec } else { Part::Status };
                let (created, version) = (Index::new(created), Index::new(9));
                RecordChange::Put(Record { key, part, value: value.into(), created, version })
            },
        );
        let delete = (key(), any::<u64>())
            .prop_map(|(key, created)| RecordChange::Delete { key, created: Index::new(created) });
        prop_oneof![put, delete]
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(changes in prop::collection::vec(change(), 0..6)) {
            let bytes = encode_changes(&changes);
            prop_assert_eq!(bytes.len() as u64, encoded_bytes(&changes));
            let read = KeyReader::default().changes(Index::new(9), &bytes);
            prop_assert_eq!(read.expect("whole"), changes.clone());
            for change in changes {
                let RecordChange::Put(record) = change else { continue };
                let (key, value) = (record_key(&record.key, record.part), record_value(&record));
                prop_assert_eq!(KeyReader::default().record(&key, &value).expect("whole"), record);
            }
        }

        #[test]
        fn keys_sort_as_bytes_as_they_sort_as_names(one in key(), other in key()) {
            let bytes = |key| record_key(key, Part::Spec);
            prop_assert_eq!(bytes(&one).cmp(&bytes(&other)), one.cmp(&other));
        }

        #[test]
        fn bytes_that_are_cut_or_changed_are_an_error_or_other_changes_never_a_panic(
            changes in prop::collection::vec(change(), 1..4),
            cut in any::<prop::sample::Index>(),
            flip in any::<u8>(),
        ) {
            let mut bytes = encode_changes(&changes);
            let at = cut.index(bytes.len());
            bytes[at] ^= flip;
            _ = KeyReader::default().changes(Index::new(9), &bytes);
            bytes[at] ^= flip;
            if let Ok(read) = KeyReader::default().changes(Index::new(9), &bytes[..at]) {
                prop_assert_eq!(&changes[..read.len()], &read[..], "cut between two changes");
            }
        }
    }
}
