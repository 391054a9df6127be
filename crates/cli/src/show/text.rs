//! Text of others on this terminal.

use std::borrow::Cow;

/// The text with what would drive a terminal, or hide what stands there, made visible. A name, a message or a label is somebody else's text.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for one in text.chars() {
        match one {
            '\n' => shown.push_str("\\n"),
            '\t' => shown.push_str("\\t"),
            '\r' => shown.push_str("\\r"),
            one if is_hidden(one) => shown.extend(one.escape_unicode()),
            one => shown.push(one),
        }
    }
    Cow::Owned(shown)
}

/// The same for a text of several lines: its line feeds and tabs stay.
pub(crate) fn tame(text: &str) -> Cow<'_, str> {
    let is_wild = |one: char| is_hidden(one) && !matches!(one, '\n' | '\t');
    if !text.chars().any(is_wild) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for one in text.chars() {
        match one {
            one if is_wild(one) => shown.extend(one.escape_unicode()),
            one => shown.push(one),
        }
    }
    Cow::Owned(shown)
}

/// Controls of the terminal, and those of Unicode that turn the direction of writing.
pub(super) fn is_hidden(one: char) -> bool {
    one.is_control()
        || matches!(one, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_drive_a_terminal_is_made_visible_and_nothing_else_is_touched() {
        for (text, shown) in [
            ("written out/blog.conf", "written out/blog.conf"),
            ("bücher 日本 🦀", "bücher 日本 🦀"),
            ("a\nb\tc\r", "a\\nb\\tc\\r"),
            ("\x1b[2J\x07", "\\u{1b}[2J\\u{7}"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("user\u{202e}cod.exe", "user\\u{202e}cod.exe"),
        ] {
            assert_eq!(visible(text), shown);
        }
    }
}
