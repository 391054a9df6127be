//! `[[controller.watch]]`.

use std::path::Path;

use super::super::fields::{Fields, Taken};
use super::super::model::{Follow, Watch};
use super::super::problem::Problems;
use super::carrier::carrier;
use super::{kind, positive_duration};

/// That one of the three is given has been seen to already.
pub(super) fn watch(folder: &Path, mut table: Fields<'_, '_>, problems: &mut Problems) -> Option<Watch> {
    let kind_taken = table.text("kind", problems);
    let line = kind_taken.as_ref().map_or(table.line(), Taken::line);
    let kind_name = kind_taken.and_then(|name| kind(&table, "kind", name, problems));
    let references = table.parsed("references", problems, pointer);
    let include = table.flag("include", problems);
    let owner = table.flag("owner", problems);
    let map = table.table("map", problems).map(|inner| map(folder, inner, problems));
    table.finish(problems);
    let follow = match (references, map) {
        (Some(pointer), _) => Some(Follow::References { pointer: pointer.value, include }),
        (None, Some(map)) => map,
        (None, None) => owner.then_some(Follow::Owner),
    };
    Some(Watch { kind: kind_name?, follow: follow?, line })
}

fn map(folder: &Path, mut fields: Fields<'_, '_>, problems: &mut Problems) -> Option<Follow> {
    let carrier = carrier(folder, &mut fields, false, problems);
    let timeout = fields.parsed("timeout", problems, positive_duration);
    fields.finish(problems);
    Some(Follow::Map { carrier: carrier?, timeout: timeout?.value })
}

pub(super) fn pointer(text: &str) -> Result<String, String> {
    let escaped = text.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
    if text.starts_with("/spec/") && escaped {
        return Ok(text.to_owned());
    }
    Err(format!(
        "`{text}` is not a pointer into the spec: `/spec/`, then names or `*` for each element, parted by `/`"
    ))
}
