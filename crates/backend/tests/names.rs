//! What names are allowed, at their borders (settled, Names; behaviour E9), and how keys compare.

use trimtab_backend::{Invalid, Key, KindName, Scope, Tenancy, TenancyPattern};

fn refused(key: &Key) -> Invalid {
    key.validate().expect_err("a name that is not allowed")
}

/// behaviour E9
#[test]
fn a_name_has_1_to_253_characters_of_any_width() {
    for longest in ["a", &"a".repeat(253), &"\u{1f600}".repeat(253), "a/b", "...", " ", "%2F", "Ä"] {
        assert_eq!(Key::new("site", longest).validate(), Ok(()), "{longest:?}");
    }
    let above = refused(&Key::new("site", &"\u{1f600}".repeat(254)));
    assert_eq!((above.field, above.limit, above.actual), ("name", Some(253), Some(254)));
    assert_eq!(above.key, Some(Key::new("site", &"\u{1f600}".repeat(254))), "the error names the entry");
    assert!(refused(&Key::new("site", "")).what.contains("1 to 253"));
}

#[test]
fn a_name_has_no_control_characters_and_is_no_dot_name() {
    for name in [".", "..", "\0", "a\nb", "a\t", "\u{7f}", "\u{85}", "a\u{9f}"] {
        assert_eq!(refused(&Key::new("site", name)).field, "name", "{name:?}");
    }
}

#[test]
fn a_kind_begins_with_a_letter_and_has_at_most_63_characters() {
    for kind in ["a", "http-route", "trimtab.lease", "a.b-c9", &"a".repeat(63)] {
        assert_eq!(KindName::new(kind).validate(), Ok(()), "{kind:?}");
    }
    for kind in ["", "9a", "-a", ".a", "Route", "a_b", "a/b", "ä", "a b", "!"] {
        assert_eq!(KindName::new(kind).validate().expect_err(kind).field, "kind", "{kind:?}");
    }
    let above = KindName::new(&"a".repeat(64)).validate().expect_err("64 characters");
    assert_eq!((above.limit, above.actual), (Some(63), Some(64)));
}

#[test]
fn a_partition_and_a_namespace_are_lower_case_words() {
    for segment in ["a", "0", "a-", "9-9", &"a".repeat(63)] {
        assert_eq!(Tenancy::new(segment, segment).validate(), Ok(()), "{segment:?}");
    }
    for segment in ["", "-a", "A", "a.b", "a/b", "a_b", "ä"] {
        assert_eq!(Tenancy::new(segment, "a").validate().expect_err(segment).field, "partition");
        assert_eq!(Tenancy::new("a", segment).validate().expect_err(segment).field, "namespace");
    }
    let above = Tenancy::new("a", &"a".repeat(64)).validate().expect_err("64 characters");
    assert_eq!((above.field, above.limit, above.actual), ("namespace", Some(63), Some(64)));
}

#[test]
fn an_error_tells_entry_field_limit_and_what_was_found() {
    let error = refused(&Key::new("site", &"a".repeat(254)).in_namespace("shop")).to_string();
    assert!(
        error.ends_with("in default/shop: name has too many characters (254, the limit is 253)"),
        "{error}"
    );
}

#[test]
fn keys_compare_by_kind_partition_namespace_and_name() {
    let a = Key::new("site", "a");
    let same = Key::within("site".into(), Tenancy::new("default", "default"), "a");
    assert_eq!((&a, a.hash64()), (&same, same.hash64()));
    let mut keys = [
        Key::new("site", "b"),
        Key::new("site", "a").in_namespace("z"),
        Key::new("site", "a").in_tenancy(&Tenancy::new("a", "z")),
        Key::new("page", "z"),
        Key::new("site", "a"),
    ];
    keys.sort();
    let shown: Vec<_> = keys.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["page/z", "site/a in a/z", "site/a", "site/b", "site/a in default/z"]);
    assert_ne!(Key::new("ab", "c"), Key::new("a", "bc"), "names do not run together");
    assert_ne!(Key::new("ab", "c").hash64(), Key::new("a", "bc").hash64());
    assert_eq!(a.encoded_bytes(), "sitedefaultdefaulta".len());
}

#[test]
fn all_leaves_reserved_kinds_out_and_a_pattern_fits_by_halves() {
    let (site, lease) = (Key::new("site", "a").in_namespace("shop"), Key::new("trimtab.lease", "a"));
    assert!(Scope::All.contains(&site) && !Scope::All.contains(&lease));
    assert!(Scope::Kind("trimtab.lease".into()).contains(&lease));
    assert!(!Scope::Kind("trimtab".into()).contains(&lease));
    let within = |partition: Option<&str>, namespace: Option<&str>| {
        let pattern =
            TenancyPattern { partition: partition.map(Into::into), namespace: namespace.map(Into::into) };
        Scope::Within("site".into(), pattern).contains(&site)
    };
    assert!(within(None, None) && within(Some("default"), None) && within(None, Some("shop")));
    assert!(!within(Some("shop"), None) && !within(Some("default"), Some("default")));
    assert!(TenancyPattern::exactly(site.tenancy()).matches(site.tenancy()));
    assert!(!TenancyPattern::exactly(&Tenancy::default()).matches(site.tenancy()));
}
