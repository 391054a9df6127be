//! `-l`: entries by their labels.

use trimtab::store::Selector;

/// A selector, as it was typed; that it is none is told at once, with the character that is wrong.
pub(super) fn selector(text: &str) -> Result<String, String> {
    text.parse::<Selector>().map(|_| text.to_owned()).map_err(|error| error.to_string())
}

#[test]
fn a_selector_that_is_none_is_told_with_its_place() {
    assert_eq!(selector("tier=web, !old").as_deref(), Ok("tier=web, !old"));
    assert!(selector("").is_ok(), "all");
    assert_eq!(
        selector("tier=web, in (a)").unwrap_err(),
        "read the selector at character 14: expected `,` or the end, found `(`"
    );
}
