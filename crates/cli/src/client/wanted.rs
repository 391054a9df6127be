//! What is meant by `KIND [NAME..]` and by `KIND/NAME..`.

use super::Failure;

/// A kind as it was typed, and names within it; none: all of the kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// As it was typed.
    pub(crate) kind: String,
    /// The names.
    pub(crate) names: Vec<String>,
}

/// Reads `site`, `site blog docs`, `site/blog certificate/example`. A name may have slashes of its own.
pub(crate) fn wanted(arguments: &[String]) -> Result<Vec<Wanted>, Failure> {
    let missing = || Failure::usage("say which kind, and which name: `site blog` or `site/blog`");
    let first = arguments.first().filter(|first| !first.is_empty()).ok_or_else(missing)?;
    if !first.contains('/') {
        if arguments[1..].iter().any(String::is_empty) {
            return Err(Failure::usage("a name is empty"));
        }
        return Ok(vec![Wanted { kind: first.clone(), names: arguments[1..].to_vec() }]);
    }
    let mut all: Vec<Wanted> = Vec::new();
    for argument in arguments {
        let Some((kind, name)) =
            argument.split_once('/').filter(|(kind, name)| !kind.is_empty() && !name.is_empty())
        else {
            return Err(Failure::usage(format!("`{argument}` is no kind and name"))
                .hint("after `site/blog`, write the others in the same way: `site/docs`"));
        };
        match all.iter_mut().find(|wanted| wanted.kind == kind) {
            Some(wanted) => wanted.names.push(name.into()),
            None => all.push(Wanted { kind: kind.into(), names: vec![name.into()] }),
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Vec<(String, String)>, String> {
        let arguments: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let wanted = wanted(&arguments).map_err(|failure| failure.to_string())?;
        Ok(wanted.into_iter().map(|wanted| (wanted.kind, wanted.names.join(" "))).collect())
    }

    #[test]
    fn a_kind_and_names_are_taken_in_both_ways() {
        for (line, wanted) in [
            ("site", vec![("site", "")]),
            ("site blog docs", vec![("site", "blog docs")]),
            ("site a/b", vec![("site", "a/b")]),
            ("site/blog", vec![("site", "blog")]),
            ("site/a/b", vec![("site", "a/b")]),
            ("site/a cert/b site/c", vec![("site", "a c"), ("cert", "b")]),
        ] {
            let wanted: Vec<_> = wanted.iter().map(|&(kind, names)| (kind.into(), names.into())).collect();
            assert_eq!(read(line), Ok(wanted), "{line}");
        }
    }

    #[test]
    fn what_is_neither_is_told() {
        assert!(read("").unwrap_err().contains("say which kind"));
        assert!(read("site/a b").unwrap_err().contains("`b` is no kind and name"));
        assert!(read("site/").unwrap_err().contains("`site/` is no kind and name"));
        assert!(read("site ").unwrap_err().contains("a name is empty"));
    }
}
