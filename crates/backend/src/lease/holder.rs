//! Who holds a lease.

use crate::{Index, Invalid};

/// The holder of a lease, as its record names it. It may have died since: only a challenger that follows finds out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The name it gave.
    pub name: String,
    /// The epoch it holds: the index of the commit that acquired the lease.
    pub epoch: Index,
}

impl Holder {
    /// Whether a name is allowed: 1 to 253 characters, no control characters, no `"` and no `\`, so that it stands in the record as it is.
    pub(super) fn validate(name: &str) -> Result<(), Invalid> {
        const MOST: usize = 253;
        let refused = |c: char| c.is_control() || c == '"' || c == '\\';
        if name.is_empty() || name.chars().count() > MOST || name.chars().any(refused) {
            let what = format!(
                "{name:?} must have 1 to {MOST} characters, none of them a control character, `\"` or `\\`"
            );
            return Err(Invalid::new("holder", what));
        }
        Ok(())
    }
}
