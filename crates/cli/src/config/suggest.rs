//! What was probably meant.

/// The known name nearest to a mistyped one, when it is near enough to be worth naming.
pub(crate) fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let most = 1 + typed.chars().count() / 4;
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
    }
}
