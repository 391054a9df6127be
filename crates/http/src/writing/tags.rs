//! `If-Match` and `If-None-Match`: the versions of an entry that a request goes by.

use trimtab_store::Entry;

/// What such a header lists, or the same in a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Tags {
    /// `*`: whatever is there.
    Any,
    /// One of these.
    Of(Vec<Tag>),
}

/// An entity tag, without its quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tag {
    weak: bool,
    text: String,
}

/// What of an entry a condition is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Half {
    /// Spec, labels, owners, finalizers: a status that was written meanwhile does not matter.
    Spec,
    /// Spec and status.
    Both,
}

impl Tags {
    /// Reads the value of a header: `*`, or tags in quotes with commas between.
    pub(crate) fn parse(header: &str) -> Result<Self, String> {
        let mut rest = header.trim();
        if rest == "*" {
            return Ok(Self::Any);
        }
        let mut tags = Vec::new();
        loop {
            let (weak, quoted) = rest.strip_prefix("W/").map_or((false, rest), |rest| (true, rest));
            let (text, after) = quoted
                .strip_prefix('"')
                .and_then(|text| text.split_once('"'))
                .ok_or_else(|| format!("`{header}` is no list of ETags: give `*`, or ETags as they were answered, with their quotes"))?;
            tags.push(Tag { weak, text: text.into() });
            rest = after.trim_start();
            match rest.strip_prefix(',') {
                Some(more) => rest = more.trim_start(),
                None if rest.is_empty() => return Ok(Self::Of(tags)),
                None => {
                    return Err(format!("`{header}` is no list of ETags: `,` is missing before `{rest}`"));
                }
            }
        }
    }

    /// As [`Tags::parse`], but one tag may stand without quotes, as people write it in JSON.
    pub(crate) fn parse_plain(text: &str) -> Result<Self, String> {
        let is_plain = |c: char| c.is_ascii_digit() || c == '.';
        if !text.is_empty() && text.chars().all(is_plain) {
            return Ok(Self::Of(vec![Tag { weak: false, text: text.into() }]));
        }
        Self::parse(text)
    }

    /// Whether what is there is one of these, as `If-Match` compares: a weak tag is like nothing.
    pub(crate) fn hold(&self, entry: Option<&Entry>, half: Half) -> bool {
        match (self, entry) {
            (_, None) => false,
            (Self::Any, Some(_)) => true,
            (Self::Of(tags), Some(entry)) => tags.iter().any(|tag| !tag.weak && tag.names(entry, half)),
        }
    }

    /// Whether the answer to a read would be one of these, as `If-None-Match` compares.
    pub(crate) fn has(&self, entry: &Entry) -> bool {
        match self {
            Self::Any => true,
            Self::Of(tags) => tags.iter().any(|tag| entry.etag().trim_matches('"') == tag.text),
        }
    }

    /// Whether one of them names a status too.
    pub(crate) fn name_status(&self) -> bool {
        matches!(self, Self::Of(tags) if tags.iter().any(|tag| matches!(tag.versions(), Some((_, Some(_))))))
    }
}

impl Tag {
    fn names(&self, entry: &Entry, half: Half) -> bool {
        let Some((spec, status)) = self.versions() else { return false };
        let found = entry.status_version().unwrap_or_default().get();
        spec == entry.version().get() && (half == Half::Spec || status.is_none_or(|status| status == found))
    }

    /// The versions it names; none for a tag that was never ours. `12` and `12.` name that of the spec alone.
    fn versions(&self) -> Option<(u64, Option<u64>)> {
        // The number parser takes a sign too.
        let number =
            |text: &str| text.starts_with(|c: char| c.is_ascii_digit()).then(|| text.parse().ok())?;
        match self.text.split_once('.') {
            Some((spec, "")) => Some((number(spec)?, None)),
            Some((spec, status)) => Some((number(spec)?, Some(number(status)?))),
            None => Some((number(&self.text)?, None)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn versions(text: &str) -> Vec<Option<(u64, Option<u64>)>> {
        match Tags::parse(text).expect(text) {
            Tags::Any => panic!("{text} is no list"),
            Tags::Of(tags) => tags.iter().map(Tag::versions).collect(),
        }
    }

    #[test]
    fn tags_are_read_one_or_several_weak_or_not() {
        assert_eq!(Tags::parse(" * "), Ok(Tags::Any));
        assert_eq!(versions(r#""12.15""#), [Some((12, Some(15)))]);
        assert_eq!(
            versions(r#""12.", "13" ,W/"14.0""#),
            [Some((12, None)), Some((13, None)), Some((14, Some(0)))]
        );
        assert_eq!(versions(r#""a,b", "+1.2", "1.2.3", "", "99999999999999999999""#), [None; 5]);
        assert_eq!(Tags::parse_plain("12.15"), Tags::parse(r#""12.15""#));
        assert_eq!(Tags::parse_plain(r#""12.15""#), Tags::parse(r#""12.15""#));
    }

    #[test]
    fn what_is_no_list_of_tags_is_an_error_that_says_what_one_is() {
        for wrong in ["", "12.15", "\"12", "12\"", "\"1\" \"2\"", "\"1\",", "*, \"1\"", "w/\"1\"", "\"1\"x"] {
            let error = Tags::parse(wrong).expect_err(wrong);
            assert!(error.contains("is no list of ETags"), "{error}");
        }
    }
}
