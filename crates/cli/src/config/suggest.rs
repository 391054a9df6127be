//! What was probably meant.

/// The known name nearest to a mistyped one, when it is near enough to be worth naming.
pub(crate) fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    within(1 + typed.chars().count() / 4, typed, known)
}

/// The known name that another one is probably a misspelling of. It may be right too, so it must be nearer than what is suggested for a wrong one: `note` is no `site`.
pub(crate) fn misspelt<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    within(1 + typed.chars().count() / 8, typed, known)
}

fn within<'a>(most: usize, typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let distances = known.into_iter().map(|name| (strsim::damerau_levenshtein(typed, name), name));
    distances.filter(|&(distance, _)| distance > 0 && distance <= most).min().map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_suggested_and_a_far_one_is_not() {
        assert_eq!(nearest("certifcate", ["certificate", "site"]), Some("certificate"));
        assert_eq!(nearest("workres", ["workers", "timeout"]), Some("workers"));
        assert_eq!(nearest("banana", ["workers", "timeout"]), None);
        assert_eq!(nearest("site", ["site"]), None, "it is known");
        assert_eq!(nearest("note", ["site"]), Some("site"));
    }

    #[test]
    fn a_name_that_may_be_right_must_be_nearer_to_be_a_misspelling() {
        for (typed, known) in
            [("sites", "site"), ("stie", "site"), ("kidd", "kid"), ("certfcate", "certificate")]
        {
            assert_eq!(misspelt(typed, [known]), Some(known));
        }
        assert_eq!(misspelt("note", ["site"]), None);
    }
}
