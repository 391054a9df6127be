//! Uids, indexes and positions as text and back.

use std::str::FromStr;

use proptest::prelude::*;
use trimtab_backend::{Index, Position, PositionError, Record, StoreId, Uid};

proptest! {
    #[test]
    fn a_uid_is_read_as_it_is_shown(bytes: [u8; 16]) {
        let uid = Uid::from_random(bytes);
        let text = uid.to_string();
        prop_assert_eq!(Uid::from_str(&text), Ok(uid));
        prop_assert_eq!(Uid::from_str(&text.to_uppercase()), Ok(uid));
        prop_assert_eq!(text.len(), 36);
        prop_assert_eq!(&text[14..15], "4", "version 4");
        prop_assert!("89ab".contains(&text[19..20]), "the variant of RFC 9562");
    }

    /// contract I1
    #[test]
    fn a_position_is_read_as_it_is_shown(store: [u8; 16], index: u64) {
        let store = StoreId::new(store);
        let position = Position { store, index: Index::new(index) };
        prop_assert_eq!(Position::parse(&position.to_string(), store), Ok(position));
    }

    #[test]
    fn no_text_makes_the_parsers_panic(text in "\\PC{0,40}") {
        prop_assert!(Uid::from_str(&text).is_err());
        prop_assert!(Position::parse(&text, StoreId::new([0; 16])).is_err() || text.contains('-'));
    }
}

#[test]
fn what_is_no_uid_is_refused_and_shown() {
    let good = "01234567-89ab-4def-8123-456789abcdef";
    assert!(Uid::from_str(good).is_ok());
    for wrong in [
        "",
        &good[1..],
        &good.replace('-', ""),
        &good.replace('a', "g"),
        &good.replacen("4def-8", "4def8-", 1),
        &format!("{good}0"),
        "\u{661}1234567-89ab-4def-8123-456789abcde",
    ] {
        let error = Uid::from_str(wrong).expect_err(wrong).to_string();
        assert!(error.contains(wrong) && error.contains("not a uid"), "{error}");
    }
}

/// contract I1
///
/// `+0000001-4` was once read as a position of store `00000001`: `u32::from_str_radix` takes a sign, and a sign and seven digits are eight
/// characters.
#[test]
fn a_position_of_another_form_or_store_is_refused() {
    let store = StoreId::new([0xab; 16]);
    for wrong in [
        "",
        "-",
        "abababab",
        "abababab-",
        "-1",
        "ababab-1",
        "abababab-x",
        "abababab-+1",
        "abababab--1",
        "+bababab-1",
        "abababab-18446744073709551616",
    ] {
        assert_eq!(Position::parse(wrong, store), Err(PositionError::Malformed(wrong.into())), "{wrong}");
    }
    let other = "12345678-1";
    assert_eq!(Position::parse(other, store), Err(PositionError::OtherStore(other.into())));
    assert!(Index::new(1).next() > Index::new(1));
}

#[test]
fn the_payload_of_a_value_follows_its_first_newline() {
    assert_eq!(Record::payload_of(b"{}\na\nb"), b"a\nb");
    assert_eq!(Record::payload_of(b"{}\n"), b"");
    assert_eq!(Record::payload_of(b"no header"), b"no header");
}
