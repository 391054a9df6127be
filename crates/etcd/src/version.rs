//! Which versions of etcd will do.

/// The oldest. Progress of a watch is asked for on streams that demand a leader, which earlier versions answer late or never; still earlier ones may
/// tell it before events that belong below it.
pub(crate) const MINIMUM: &str = "3.5.13";

pub(crate) fn is_enough(version: &str) -> bool {
    parts(version).zip(parts(MINIMUM)).is_some_and(|(version, minimum)| version >= minimum)
}

/// The three numbers of a version; what follows a `-` or `+` counts for nothing.
fn parts(version: &str) -> Option<[u64; 3]> {
    let plain = version.split(['-', '+']).next()?;
    let mut numbers = plain.split('.').map(str::parse);
    let parts = [numbers.next()?.ok()?, numbers.next()?.ok()?, numbers.next()?.ok()?];
    numbers.next().is_none().then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        for enough in ["3.5.13", "3.5.100", "3.6.0", "3.6.0-rc.1", "3.10.0", "4.0.0"] {
            assert!(is_enough(enough), "{enough}");
        }
        for old in ["3.5.12", "3.4.31", "2.9.99", "", "3.6", "three", "3.6.x"] {
            assert!(!is_enough(old), "{old}");
        }
    }
}
