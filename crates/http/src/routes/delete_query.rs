//! What a DELETE may say.

use std::fmt;

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use trimtab_store::Propagation;
use utoipa::{IntoParams, ToSchema};

/// Which entry, and how it goes.
#[derive(Clone, Debug, Default, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DeleteQuery {
    /// Its namespace; left out: `default`.
    pub(super) namespace: Option<String>,
    /// Its partition; left out: `default`.
    pub(super) partition: Option<String>,
    /// What becomes of what it owns: `background` (left out) deletes it after, `foreground` before, `orphan` leaves it.
    #[param(inline)]
    pub(super) propagation: Option<Cascade>,
    /// A finalizer to take off in the same commit, without waiting for whom it belongs to; may be given several times.
    pub(super) drop_finalizer: Vec<String>,
    /// `true`: nothing is written; the answer tells what would come of it.
    pub(super) dry_run: bool,
}

/// What becomes of what an entry owns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Cascade {
    /// Deleted after it.
    Background,
    /// Deleted before it.
    Foreground,
    /// Left.
    Orphan,
}

impl From<Cascade> for Propagation {
    fn from(cascade: Cascade) -> Self {
        match cascade {
            Cascade::Background => Self::Background,
            Cascade::Foreground => Self::Foreground,
            Cascade::Orphan => Self::Orphan,
        }
    }
}

impl Cascade {
    /// By its word; else what the words are.
    pub(super) fn parse(word: &str) -> Result<Self, String> {
        match word {
            "background" => Ok(Self::Background),
            "foreground" => Ok(Self::Foreground),
            "orphan" => Ok(Self::Orphan),
            other => Err(format!("`{other}` is none of background, foreground, orphan")),
        }
    }
}

/// By hand: a parameter that is repeated is a list, and all others must not be.
impl<'de> Deserialize<'de> for DeleteQuery {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Parameters;
        impl<'de> Visitor<'de> for Parameters {
            type Value = DeleteQuery;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("parameters")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<DeleteQuery, A::Error> {
                const KNOWN: &[&str] =
                    &["namespace", "partition", "propagation", "drop_finalizer", "dry_run"];
                let mut query = DeleteQuery::default();
                let mut seen = Vec::new();
                while let Some((field, value)) = map.next_entry::<String, String>()? {
                    if field != "drop_finalizer" && seen.contains(&field) {
                        return Err(A::Error::custom(format!("`{field}` is given twice")));
                    }
                    match field.as_str() {
                        "namespace" => query.namespace = Some(value),
                        "partition" => query.partition = Some(value),
                        "propagation" => {
                            query.propagation = Some(Cascade::parse(&value).map_err(A::Error::custom)?);
                        }
                        "drop_finalizer" => query.drop_finalizer.push(value),
                        "dry_run" => {
                            let wrong =
                                |_| A::Error::custom(format!("dry_run is `true` or `false`, not `{value}`"));
                            query.dry_run = value.parse().map_err(wrong)?;
                        }
                        other => return Err(A::Error::unknown_field(other, KNOWN)),
                    }
                    seen.push(field);
                }
                Ok(query)
            }
        }
        deserializer.deserialize_map(Parameters)
    }
}
