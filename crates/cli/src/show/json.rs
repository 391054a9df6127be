//! JSON for eyes, as it is.

use super::text::is_hidden;

/// The same JSON, a value a line. No number is read, so none is changed: `1e400` and `1.10` stay what they are.
pub(crate) fn pretty(json: &str) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let mut depth = 0;
    let mut letters = json.chars().peekable();
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    };
    while let Some(letter) = letters.next() {
        match letter {
            '"' => {
                out.push('"');
                while let Some(letter) = letters.next() {
                    match letter {
                        '\\' => out.extend(['\\'].into_iter().chain(letters.next())),
                        hidden if is_hidden(hidden) => escape(hidden, &mut out),
                        other => out.push(other),
                    }
                    if letter == '"' {
                        break;
                    }
                }
            }
            '{' | '[' => {
                out.push(letter);
                while letters.next_if(char::is_ascii_whitespace).is_some() {}
                if let Some(close) = letters.next_if(|next| matches!(next, '}' | ']')) {
                    out.push(close);
                } else {
                    depth += 1;
                    line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(letter);
            }
            ',' => {
                out.push(',');
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            blank if blank.is_ascii_whitespace() => {}
            other => out.push(other),
        }
    }
    out
}

/// The same JSON, without what would drive the terminal. It stands only within texts, where it can be escaped.
pub(crate) fn shielded(json: &str) -> String {
    let is_meant = |letter: char| is_hidden(letter) && (letter == '\u{7f}' || !letter.is_ascii());
    let mut out = String::with_capacity(json.len());
    for letter in json.chars() {
        if is_meant(letter) { escape(letter, &mut out) } else { out.push(letter) }
    }
    out
}

fn escape(letter: char, out: &mut String) {
    let mut units = [0; 2];
    out.extend(letter.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stands_on_a_line_and_numbers_and_texts_stay_as_they_are() {
        let json = r#"{"a":[1.10,1e400 , {}],"b":{ "c" : "x, \"y\": {z}\\" },"d":[ ]}"#;
        let wanted = r#"{
  "a": [
    1.10,
    1e400,
    {}
  ],
  "b": {
    "c": "x, \"y\": {z}\\"
  },
  "d": []
}"#;
        assert_eq!(pretty(json), wanted);
        assert_eq!(pretty("7"), "7");
    }

    #[test]
    fn what_would_drive_the_terminal_is_escaped_and_means_the_same() {
        let json = serde_json::to_string("a\u{9b}2J\u{202e}\u{1b}").unwrap();
        let shown = pretty(&json);
        assert_eq!(shown, r#""a\u009b2J\u202e\u001b""#);
        assert_eq!(shielded(&json), shown);
        assert_eq!(shielded("{\t\"a\":\n1}"), "{\t\"a\":\n1}");
        assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), "a\u{9b}2J\u{202e}\u{1b}");
    }
}
