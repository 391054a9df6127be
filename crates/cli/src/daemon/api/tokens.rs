//! The file of tokens: a line `ROLE SHA256 NAME` for each.
//!
//! Whoever steals the file has hashes and no token. What cannot be read grants nothing: a line that is wrong, that line; a file that is gone or that others can read, nobody
//! gets in. Going on with the tokens of before would let in whom an operator has just thrown out.

use std::fs;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

pub(crate) use trimtab_http::Role;
use trimtab_http::Token;

/// The largest file that is read: 1 MiB, some ten thousand tokens.
const MOST_BYTES: u64 = 1 << 20;

/// What a file grants, and what is wrong with it.
pub(crate) fn read(path: &Path) -> (Vec<Token>, Vec<String>) {
    let shown = path.display();
    match text(path) {
        Ok(text) => {
            let (tokens, mut wrong) = parse(&text);
            for what in &mut wrong {
                *what = format!("{shown}:{what}");
            }
            if tokens.is_empty() {
                wrong.push(format!("{shown} grants nothing, so nobody gets in; `trimtab token --role write --name me --append {shown}` makes a token"));
            }
            (tokens, wrong)
        }
        Err(what) => (Vec::new(), vec![format!("{shown} {what}; nobody gets in until that is mended")]),
    }
}

fn text(path: &Path) -> Result<String, String> {
    let found = fs::metadata(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            format!(
                "is not there; `trimtab token --role write --name me --append {}` makes it",
                path.display()
            )
        }
        _ => format!("cannot be read: {error}"),
    })?;
    // Reading a pipe would wait for whoever writes to it.
    if !found.is_file() {
        return Err("is no file; name one that holds the tokens".into());
    }
    let mode = found.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(format!("can be reached by others (mode {mode:04o}); do `chmod 600 {}`", path.display()));
    }
    if found.len() > MOST_BYTES {
        return Err(format!("is {} bytes long; at most {MOST_BYTES} are read", found.len()));
    }
    let mut text = String::new();
    let read = fs::File::open(path).and_then(|file| file.take(MOST_BYTES).read_to_string(&mut text));
    read.map_err(|error| format!("cannot be read: {error}"))?;
    Ok(text)
}

/// The tokens of a text, and each line that is none: `LINE: what`. Blank lines and those that begin with `#` are passed over.
fn parse(text: &str) -> (Vec<Token>, Vec<String>) {
    let (mut tokens, mut wrong) = (Vec::new(), Vec::new());
    for (number, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        match token(line) {
            Ok(token) => tokens.push(token),
            Err(what) => wrong.push(format!("{}: {what}, so this line grants nothing", number + 1)),
        }
    }
    (tokens, wrong)
}

/// The error never repeats what stands there: somebody may have written the token itself.
fn token(line: &str) -> Result<Token, &'static str> {
    let words: Vec<_> = line.split_whitespace().collect();
    let [role, hash, name] = words[..] else { return Err("must be `ROLE SHA256 NAME`") };
    let role = match role {
        "read" => Role::Read,
        "write" => Role::Write,
        _ => return Err("the role must be `read` or `write`"),
    };
    let hash = unhex(hash).ok_or("the hash must be 64 hexadecimal digits: the SHA-256 of the token")?;
    Ok(Token { name: name.to_owned(), role, hash })
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let digits: Vec<u32> = text.chars().map(|digit| digit.to_digit(16)).collect::<Option<_>>()?;
    let bytes: Vec<u8> = digits
        .chunks(2)
        .filter_map(|pair| u8::try_from(pair.iter().fold(0, |byte, digit| byte * 16 + digit)).ok())
        .collect();
    (digits.len() == 64).then(|| bytes.try_into().ok())?
}

/// The line of a token.
pub(crate) fn line(role: Role, hash: &[u8], name: &str) -> String {
    let role = match role {
        Role::Read => "read",
        Role::Write => "write",
    };
    let hash: Vec<String> = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{role} {} {name}", hash.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_wrong_grants_nothing_and_is_told_without_its_text() {
        let good = line(Role::Write, &[0xab; 32], "ci");
        let text =
            format!("# people\n\n{good}\nadmin {} x\nread secret-token-itself x\nread\n", "0".repeat(64));
        let (tokens, wrong) = parse(&text);
        assert_eq!(tokens, [Token { name: "ci".into(), role: Role::Write, hash: [0xab; 32] }]);
        assert_eq!(wrong.len(), 3);
        assert!(
            wrong[0].starts_with("4: the role must be") && wrong[1].starts_with("5: the hash"),
            "{wrong:?}"
        );
        assert!(wrong[2].starts_with("6: must be `ROLE SHA256 NAME`"), "{wrong:?}");
        assert!(!wrong.concat().contains("secret"), "{wrong:?}");
    }

    #[test]
    fn a_file_that_is_gone_or_readable_by_others_grants_nothing_until_it_is_mended() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens");
        assert!(read(&path).0.is_empty() && read(&path).1[0].contains("is not there; `trimtab token"));
        fs::write(&path, line(Role::Read, &[1; 32], "a")).unwrap();
        let mode = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        mode(0o640);
        assert!(read(&path).0.is_empty());
        assert!(
            read(&path).1[0].contains("can be reached by others (mode 0640); do `chmod 600 "),
            "{:?}",
            read(&path)
        );
        mode(0o600);
        assert_eq!((read(&path).0.len(), read(&path).1.len()), (1, 0));
        assert!(read(folder.path()).1[0].contains("is no file"), "{:?}", read(folder.path()));
        fs::write(&path, "").unwrap();
        assert!(read(&path).0.is_empty() && read(&path).1[0].contains("grants nothing, so nobody gets in"));
    }
}
