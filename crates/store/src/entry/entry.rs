//! An entry: what should be, what is, and whose it is.

use std::fmt;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::Value;
use trimtab_backend::{Index, Key, Part, Record, Tenancy, Uid};

use super::decoded::{Decoded, Pair};
use super::header::{self, Lists};
use super::{
    DecodeError, DecodeProblem, Deletion, Kind, Labels, Owner, SpecHeader, StatusHeader, Timestamp, Typed,
    scan,
};

/// A config entry at one version (behaviour E1). 8 bytes, one count to clone; never changes: a later version is another `Entry`.
///
/// It keeps the two records as they were received. Spec and status are JSON text; [`Entry::typed`] reads them as the types of a [`Kind`].
/// Its verbs - [`delete`](Entry::delete), [`add_finalizer`](Entry::add_finalizer) and their kin - make [`Write`](crate::Write)s that
/// carry the version they were called on.
///
/// ```
/// use trimtab_backend::{Index, Key, Part, Record};
/// use trimtab_store::Entry;
///
/// let header = r#"{"f":1,"uid":"00000000-0000-4000-8000-000000000001","generation":3,"created_at":"2026-03-01T00:00:00.000Z"}"#;
/// let entry = Entry::from_records(
///     Record {
///         key: Key::new("site", "blog"),
///         part: Part::Spec,
///         value: format!("{header}\n{{\"port\":80}}").into(),
///         created: Index::new(4),
///         version: Index::new(9),
///     },
///     None,
/// )?;
/// assert_eq!((entry.kind(), entry.name(), entry.generation()), ("site", "blog", 3));
/// assert_eq!((entry.version(), entry.spec_json()), (Index::new(9), r#"{"port":80}"#));
/// # Ok::<(), trimtab_store::DecodeError>(())
/// ```
#[derive(Clone)]
#[doc(alias = "ConfigEntry")]
pub struct Entry(Arc<Inner>);

struct Inner {
    key: Key,
    uid: Uid,
    generation: u64,
    created_at: Timestamp,
    deleted: Option<Deletion>,
    spec: Half,
    status: Option<Status>,
    has_lists: bool,
    lists: OnceLock<Box<Lists>>,
    decoded: Decoded,
}

/// One record: its value, where its payload begins, and when it was written.
#[derive(Clone)]
struct Half {
    value: Bytes,
    payload: usize,
    created: Index,
    version: Index,
}

/// The status record.
struct Status {
    half: Half,
    observed_generation: u64,
}

impl Status {
    /// Reads a status record; none when it belongs to another life of the entry.
    fn of(record: Record, uid: Uid) -> Result<Option<Self>, DecodeError> {
        let key = record.key.clone();
        let read = Half::of(record).and_then(|half| Ok((scan::status(half.header())?, half)));
        let (head, half) = read.map_err(|problem| DecodeError::new(&key, Part::Status, problem))?;
        let observed_generation = head.observed_generation;
        Ok((head.uid == uid).then_some(Self { half, observed_generation }))
    }
}

impl Half {
    /// Makes sure that a record is text, and splits it at its first newline.
    fn of(record: Record) -> Result<Self, DecodeProblem> {
        let text = str::from_utf8(&record.value).map_err(|error| DecodeProblem::Json(error.to_string()))?;
        let end = text.find('\n').ok_or_else(|| DecodeProblem::Header("it has no end".into()))?;
        Ok(Self { payload: end + 1, value: record.value, created: record.created, version: record.version })
    }

    fn header(&self) -> &str {
        Self::text(&self.value[..self.payload - 1])
    }

    fn json(&self) -> &str {
        Self::text(&self.value[self.payload..])
    }

    /// Looks through it again, so only through what is asked for: a spec may be long.
    fn text(bytes: &[u8]) -> &str {
        str::from_utf8(bytes).expect("the record was found to be text when it came")
    }

    fn record(&self, key: &Key, part: Part) -> Record {
        let (created, version) = (self.created, self.version);
        Record { key: key.clone(), part, value: self.value.clone(), created, version }
    }
}

impl Entry {
    /// The entry that these two records make. A status of another life of the name (another uid) is left out. Allocates once.
    pub fn from_records(spec: Record, status: Option<Record>) -> Result<Self, DecodeError> {
        let key = spec.key.clone();
        let read = Half::of(spec).and_then(|half| Ok((scan::spec(half.header())?, half)));
        let (head, half) = read.map_err(|problem| DecodeError::new(&key, Part::Spec, problem))?;
        let status = status.map(|status| Status::of(status, head.uid)).transpose()?.flatten();
        Ok(Self(Arc::new(Inner {
            key,
            uid: head.uid,
            generation: head.generation,
            created_at: head.created_at,
            deleted: head.deleted,
            has_lists: head.has_lists(),
            spec: half,
            status,
            lists: OnceLock::new(),
            decoded: Decoded::default(),
        })))
    }

    /// The same entry with a newer status record.
    pub fn with_status(&self, status: Record) -> Result<Self, DecodeError> {
        let Inner { ref key, ref spec, uid, generation, created_at, deleted, has_lists, .. } = *self.0;
        Ok(Self(Arc::new(Inner {
            key: key.clone(),
            spec: spec.clone(),
            status: Status::of(status, uid)?,
            uid,
            generation,
            created_at,
            deleted,
            has_lists,
            lists: OnceLock::new(),
            decoded: Decoded::default(),
        })))
    }

    /// The same entry with a newer spec record. When that begins another life of the name, the status of this one is left out.
    pub fn with_spec(&self, spec: Record) -> Result<Self, DecodeError> {
        Self::from_records(spec, self.status_record())
    }

    /// Its spec record, as received.
    pub fn spec_record(&self) -> Record {
        self.0.spec.record(&self.0.key, Part::Spec)
    }

    /// Its status record, as received.
    pub fn status_record(&self) -> Option<Record> {
        self.0.status.as_ref().map(|status| status.half.record(&self.0.key, Part::Status))
    }
}

/// Names.
impl Entry {
    /// Its key: kind, tenancy, name.
    pub fn key(&self) -> &Key {
        &self.0.key
    }

    /// Its kind.
    pub fn kind(&self) -> &str {
        self.0.key.kind()
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.0.key.name()
    }

    /// Its partition and namespace.
    pub fn tenancy(&self) -> &Tenancy {
        self.0.key.tenancy()
    }

    /// Its namespace.
    pub fn namespace(&self) -> &str {
        self.0.key.namespace()
    }

    /// Its partition.
    pub fn partition(&self) -> &str {
        self.0.key.partition()
    }

    /// Which life of the name this is: drawn at create. Deleted and created again it has another.
    pub fn uid(&self) -> Uid {
        self.0.uid
    }
}

/// Versions.
impl Entry {
    /// The version of its spec part: the commit that last wrote spec, labels, owners, finalizers or the deletion mark.
    #[doc(alias = "ResourceVersion")]
    pub fn version(&self) -> Index {
        self.0.spec.version
    }

    /// The version of its status part; none while no status was written.
    pub fn status_version(&self) -> Option<Index> {
        self.0.status.as_ref().map(|status| status.half.version)
    }

    /// The newer of its two versions.
    pub fn modified(&self) -> Index {
        self.status_version().map_or(self.version(), |status| status.max(self.version()))
    }

    /// Both versions as an HTTP entity tag, quotes included: `"<spec>.<status>"`, the status 0 when there is none.
    pub fn etag(&self) -> String {
        format!("\"{}.{}\"", self.version(), self.status_version().unwrap_or_default())
    }

    /// The commit that created it.
    pub fn created(&self) -> Index {
        self.0.spec.created
    }

    /// When it was created, by the clock of who created it.
    pub fn created_at(&self) -> Timestamp {
        self.0.created_at
    }

    /// How often its spec was given another value; 1 when new. Labels, finalizers and status do not count.
    pub fn generation(&self) -> u64 {
        self.0.generation
    }

    /// The generation that its status was made for; none while no status was written.
    pub fn observed_generation(&self) -> Option<u64> {
        self.0.status.as_ref().map(|status| status.observed_generation)
    }
}

/// What its header says.
impl Entry {
    fn lists(&self) -> &Lists {
        if !self.0.has_lists {
            return Lists::none();
        }
        self.0.lists.get_or_init(|| Box::new(Lists::of(self.0.spec.header())))
    }

    /// Its labels.
    pub fn labels(&self) -> &Labels {
        &self.lists().labels
    }

    /// The value of one label.
    pub fn label(&self, name: &str) -> Option<&str> {
        self.labels().get(name).map(String::as_str)
    }

    /// Who owns it: it goes when the last of them is gone.
    pub fn owners(&self) -> &[Owner] {
        &self.lists().owners
    }

    /// Whether that entry, in this very life, is one of its owners.
    pub fn is_owned_by(&self, owner: &Self) -> bool {
        self.owners().iter().any(|own| own.uid == owner.uid())
    }

    /// What must be done before it can go; each is removed by who added it (behaviour E7).
    pub fn finalizers(&self) -> &[String] {
        &self.lists().finalizers
    }

    /// Whether it holds this finalizer.
    pub fn has_finalizer(&self, name: &str) -> bool {
        self.finalizers().iter().any(|finalizer| finalizer == name)
    }

    /// Whether it is being deleted: it goes when its last finalizer is removed.
    #[doc(alias = "DeletionTimestamp")]
    pub fn is_deleting(&self) -> bool {
        self.0.deleted.is_some()
    }

    /// Since when it is being deleted, and what becomes of what it owns.
    pub fn deletion(&self) -> Option<Deletion> {
        self.0.deleted
    }

    /// Where it came from when it is kept in line with something outside, such as the path of a file.
    pub fn origin(&self) -> Option<&str> {
        self.lists().origin.as_deref()
    }
}

/// What it holds.
impl Entry {
    /// The spec as JSON text, as it was received. Whether it is JSON is found when it is decoded.
    pub fn spec_json(&self) -> &str {
        self.0.spec.json()
    }

    /// The status as JSON text, as it was received; none while no status was written.
    pub fn status_json(&self) -> Option<&str> {
        self.0.status.as_ref().map(|status| status.half.json())
    }

    /// The spec as a JSON value. Decoded anew at each call.
    pub fn spec_value(&self) -> Result<Value, DecodeError> {
        self.decode(Part::Spec, self.spec_json())
    }

    /// The status as a JSON value; null while no status was written. Decoded anew at each call.
    pub fn status_value(&self) -> Result<Value, DecodeError> {
        self.status_json().map_or(Ok(Value::Null), |json| self.decode(Part::Status, json))
    }

    /// The entry with spec and status as the types of a kind. Decoded once for each version and type, whoever asks; a status that was never
    /// written is the type's default.
    pub fn typed<K: Kind>(&self) -> Result<Typed<K>, DecodeError> {
        if self.kind() != K::KIND {
            return Err(DecodeError::new(self.key(), Part::Spec, DecodeProblem::Kind(K::KIND)));
        }
        match self.0.decoded.get(|| self.pair::<K>()) {
            Ok(pair) => Ok(Typed::new(self.clone(), Arc::clone(&pair.spec), Arc::clone(&pair.status))),
            Err(error) => Err(error.clone()),
        }
    }

    fn pair<K: Kind>(&self) -> Result<Pair<K>, DecodeError> {
        let spec = Arc::new(self.decode(Part::Spec, self.spec_json())?);
        let status = self.status_json().map(|json| self.decode(Part::Status, json)).transpose()?;
        Ok(Pair { spec, status: Arc::new(status.unwrap_or_default()) })
    }

    pub(super) fn decode<T: DeserializeOwned>(&self, part: Part, json: &str) -> Result<T, DecodeError> {
        serde_json::from_str(json).map_err(|error| {
            let problem = match error.classify() {
                serde_json::error::Category::Data => DecodeProblem::Payload(error.to_string()),
                _ => DecodeProblem::Json(error.to_string()),
            };
            DecodeError::new(self.key(), part, problem)
        })
    }
}

/// What the store's own parts go by.
impl Entry {
    /// The bytes of its two records.
    pub(crate) fn bytes(&self) -> usize {
        let Inner { spec, status, .. } = &*self.0;
        spec.value.len() + status.as_ref().map_or(0, |status| status.half.value.len())
    }

    /// The header of its spec record, to be changed and written again.
    pub(crate) fn spec_header(&self) -> SpecHeader {
        SpecHeader {
            uid: self.uid(),
            generation: self.generation(),
            created_at: self.created_at(),
            lists: self.lists().clone(),
            deleted: self.deletion(),
            unknown: header::unknown(self.0.spec.header(), SpecHeader::FIELDS),
        }
    }

    /// Whether its labels, owners, finalizers and origin are these.
    pub(crate) fn has_lists(&self, lists: &Lists) -> bool {
        self.lists() == lists
    }

    /// The header of a status record that says the status was made for `observed_generation`.
    pub(crate) fn status_header(&self, observed_generation: u64) -> StatusHeader {
        let unknown = self.0.status.as_ref().map(|status| &status.half);
        let unknown = unknown.map(|half| header::unknown(half.header(), StatusHeader::FIELDS));
        StatusHeader { uid: self.uid(), observed_generation, unknown: unknown.unwrap_or_default() }
    }
}

impl AsRef<Self> for Entry {
    fn as_ref(&self) -> &Self {
        self
    }
}

/// Equal when both records are: the same key, versions and bytes.
impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || (self.spec_record() == other.spec_record() && self.status_record() == other.status_record())
    }
}

impl Eq for Entry {}

/// `kind/name`, its tenancy when that is not the default one, and its version.
impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.key(), self.version())?;
        self.status_version().map_or(Ok(()), |status| write!(f, ".{status}"))
    }
}
