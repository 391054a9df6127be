//! Numbers that are more exact than what reads them.
//!
//! An entry keeps the text it was given, so no number is rounded in the store. But whoever reads it as 64-bit integers and doubles, as most do, sees another number
//! where there are more digits than these have.

/// The numbers of a JSON text that are neither a 64-bit integer nor the shortest form of a double: read, each would be another.
///
/// ```
/// let json = r#"{"port": 80, "rate": 0.10, "id": 123456789012345678901234567890, "text": "0.1000000000000000055"}"#;
/// assert_eq!(trimtab_store::rounded(json).collect::<Vec<_>>(), ["123456789012345678901234567890"]);
/// ```
pub fn rounded(json: &str) -> impl Iterator<Item = &str> {
    numbers(json).filter(|number| !is_kept(number))
}

fn numbers(json: &str) -> impl Iterator<Item = &str> {
    let mut rest = json;
    std::iter::from_fn(move || {
        loop {
            let begins = |letter: char| letter == '"' || letter.is_ascii_digit() || "+-.".contains(letter);
            let found = &rest[rest.find(begins)?..];
            let length = if found.starts_with('"') { text_length(found) } else { number_length(found) };
            let (token, after) = found.split_at(length);
            rest = after;
            if !token.starts_with('"') {
                return Some(token);
            }
        }
    })
}

fn number_length(json: &str) -> usize {
    let ends = |letter: char| !letter.is_ascii_alphanumeric() && !"+-.".contains(letter);
    json.find(ends).unwrap_or(json.len())
}

/// From quote to quote.
fn text_length(json: &str) -> usize {
    let mut is_escaped = false;
    let closes = |byte: u8| {
        let closes = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        closes
    };
    json.bytes().skip(1).position(closes).map_or(json.len(), |at| at + 2)
}

fn is_kept(number: &str) -> bool {
    if number.parse::<i64>().is_ok() || number.parse::<u64>().is_ok() {
        return true;
    }
    number.parse::<f64>().is_ok_and(|read| decimal(number) == decimal(&format!("{read:e}")))
}

/// Sign, digits without zeros around them, and the power of ten that belongs to the last.
fn decimal(number: &str) -> (bool, String, i64) {
    let unsigned = number.trim_start_matches(['+', '-']);
    let (mantissa, power) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let digits = all.trim_end_matches('0');
    let zeros = i64::try_from(all.len() - digits.len()).unwrap_or(i64::MAX);
    let places = i64::try_from(fraction.len()).unwrap_or(i64::MAX);
    let power = power.parse::<i64>().unwrap_or_default().saturating_sub(places).saturating_add(zeros);
    match digits.trim_start_matches('0') {
        "" => (false, String::new(), 0),
        digits => (number.starts_with('-'), digits.to_owned(), power),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_double_or_an_integer_says_as_well_is_kept_however_it_is_written() {
        for number in [
            "0",
            "-0",
            "-0.0",
            "1",
            "1.0",
            "1.10",
            "1e3",
            "1E+3",
            "0.1e-6",
            "18446744073709551615",
            "-9223372036854775808",
            "1e300",
            "100000000000000000000",
            "0.30000000000000004",
            "1.7976931348623157e308",
            "5e-324",
            "+.5",
            "1.",
        ] {
            assert_eq!(rounded(number).next(), None, "{number}");
        }
    }

    #[test]
    fn what_would_be_another_number_is_found_wherever_it_stands() {
        for number in [
            "123456789012345678901234567890",
            "18446744073709551616",
            "-9223372036854775809",
            "0.1000000000000000055",
            "9007199254740993.0",
            "1e-400",
            "3.14159265358979323846",
        ] {
            let json =
                format!(r#"{{"1e-400": ["\\", "\" 1e-400", true, null], "a": [1, {number}], "b":{number}}}"#);
            assert_eq!(rounded(&json).collect::<Vec<_>>(), [number; 2], "{number}");
        }
    }
}
