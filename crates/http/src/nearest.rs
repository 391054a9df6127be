//! The known name that a mistyped one was meant to be.

/// The nearest of the known names, when it is near enough to have been meant: a third of the letters may be wrong.
pub(crate) fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let most = (typed.chars().count() / 3).max(1);
    let near = known.into_iter().map(|name| (distance(typed, name), name)).min()?;
    (near.0 <= most && near.1 != typed).then(|| near.1.to_owned())
}

/// How many letters must be added, dropped or exchanged.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, right) in b.iter().enumerate() {
            let changed = diagonal + usize::from(left != *right);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_suggested_only_when_it_may_have_been_meant() {
        let known = ["site", "certificate", "http-route"];
        for (typed, meant) in [
            ("sites", Some("site")),
            ("sit", Some("site")),
            ("certifcate", Some("certificate")),
            ("http_route", Some("http-route")),
            ("queue", None),
            ("site", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, known).as_deref(), meant, "{typed}");
        }
        assert_eq!(nearest("x", []), None);
    }
}
