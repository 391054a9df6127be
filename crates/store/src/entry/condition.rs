//! Conditions: what a status says in a form that people and programs share.
//!
//! Each author could invent booleans. Then no table could have a READY column and no program could wait for it. A condition is a
//! named statement that is true, false or not known, with a reason for programs, a message for people, and the time since when it is so.

use serde::{Deserialize, Serialize};

use super::Timestamp;

/// A named statement about an entry, such as `Accepted: True`, or about a part of it.
///
/// ```
/// use trimtab_store::{Condition, Conditions};
/// # let now = std::time::SystemTime::UNIX_EPOCH;
/// let mut conditions = Conditions::default();
/// conditions.set(Condition::met("Accepted", "Bound").because("2 routes").about("listener/80"), now);
/// assert!(conditions.is_met_about("Accepted", "listener/80"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// What is stated: `Ready`, `Accepted` ... In JSON `type`.
    #[serde(rename = "type")]
    pub type_: String,
    /// Whether it is so.
    pub status: ConditionStatus,
    /// Why, in one word for programs: `Bound`, `CertificateMissing` ...
    pub reason: String,
    /// Why, for people. May be empty.
    #[serde(default)]
    pub message: String,
    /// The part of the entry that is meant; the whole when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// The controller that states it. Filled in by the runtime.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub controller: Option<String>,
    /// The generation of the spec it was stated for. Filled in by the runtime.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<u64>,
    /// Since when its status is what it is: moves only when that flips. Filled in by [`Conditions::set`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

/// Whether a statement is so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ConditionStatus {
    /// It is.
    True,
    /// It is not.
    False,
    /// Nobody can tell at present.
    Unknown,
}

impl Condition {
    fn new(type_: impl Into<String>, status: ConditionStatus, reason: impl Into<String>) -> Self {
        let (type_, reason, message) = (type_.into(), reason.into(), String::new());
        Self { type_, status, reason, message, about: None, controller: None, generation: None, since: None }
    }

    /// It is so.
    pub fn met(type_: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::new(type_, ConditionStatus::True, reason)
    }

    /// It is not so.
    pub fn unmet(type_: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::new(type_, ConditionStatus::False, reason)
    }

    /// Nobody can tell.
    pub fn unknown(type_: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::new(type_, ConditionStatus::Unknown, reason)
    }

    /// The same about a part of the entry.
    #[must_use]
    pub fn about(self, part: impl Into<String>) -> Self {
        Self { about: Some(part.into()), ..self }
    }

    /// The same with words for people.
    #[must_use]
    pub fn because(self, message: impl Into<String>) -> Self {
        Self { message: message.into(), ..self }
    }

    /// Whether it is so.
    pub fn is_met(&self) -> bool {
        self.status == ConditionStatus::True
    }
}

/// The conditions of a status: each type once, or once for each part it is about. In JSON a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Conditions(Vec<Condition>);

impl Conditions {
    /// Puts a condition in the place of the one of the same type about the same part, or at the end. `since` stays what it was unless the
    /// status flips: then it is `now`, in a reconcile `ctx.wall()`. So setting what is there already changes nothing, and writes nothing.
    #[doc(alias = "meta.SetStatusCondition")]
    pub fn set(&mut self, condition: Condition, now: impl Into<Timestamp>) {
        let same = |have: &&mut Condition| have.type_ == condition.type_ && have.about == condition.about;
        let Some(have) = self.0.iter_mut().find(same) else {
            self.0.push(Condition { since: Some(now.into()), ..condition });
            return;
        };
        let since = if have.status == condition.status { have.since } else { None };
        *have = Condition { since: Some(since.unwrap_or_else(|| now.into())), ..condition };
    }

    /// The condition of this type about the whole entry.
    pub fn get(&self, type_: &str) -> Option<&Condition> {
        self.find(type_, None)
    }

    /// The condition of this type about a part.
    pub fn get_about(&self, type_: &str, part: &str) -> Option<&Condition> {
        self.find(type_, Some(part))
    }

    /// Whether the condition of this type about the whole entry is there and met.
    pub fn is_met(&self, type_: &str) -> bool {
        self.get(type_).is_some_and(Condition::is_met)
    }

    /// Whether the condition of this type about a part is there and met.
    pub fn is_met_about(&self, type_: &str, part: &str) -> bool {
        self.get_about(type_, part).is_some_and(Condition::is_met)
    }

    /// Keeps those that `keep` answers true for.
    pub fn retain(&mut self, keep: impl FnMut(&Condition) -> bool) {
        self.0.retain(keep);
    }

    /// All of them, in the order they were first set.
    pub fn iter(&self) -> std::slice::Iter<'_, Condition> {
        self.0.iter()
    }

    fn find(&self, type_: &str, about: Option<&str>) -> Option<&Condition> {
        self.0.iter().find(|have| have.type_ == type_ && have.about.as_deref() == about)
    }
}

impl<'a> IntoIterator for &'a Conditions {
    type Item = &'a Condition;
    type IntoIter = std::slice::Iter<'a, Condition>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl FromIterator<Condition> for Conditions {
    fn from_iter<I: IntoIterator<Item = Condition>>(conditions: I) -> Self {
        Self(conditions.into_iter().collect())
    }
}
