//! The token by which a daemon lets somebody in.

use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::Failure;

/// No token is longer.
const MOST_BYTES: u64 = 4096;

/// The token in a file: one line, as `trimtab token` prints it.
pub(super) fn read(path: &Path) -> Result<String, Failure> {
    let wrong = |what: String| {
        Failure::usage(format!("the token file {} {what}", path.display()))
            .hint("it holds the one line that `trimtab token --role read --name me` prints")
    };
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    match file.take(MOST_BYTES + 1).read_to_string(&mut text) {
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
            return Err(wrong("is not text".into()));
        }
        Err(error) => return Err(wrong(format!("cannot be read: {error}"))),
    }
    token(&text).map(str::to_owned).map_err(|what| wrong(what.into()))
}

/// What is wrong with the rights on a file that holds a token; none when it cannot be read by others, or is no file that stays.
pub(super) fn exposed(path: &Path) -> Option<String> {
    let metadata = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
    let mode = metadata.permissions().mode() & 0o777;
    let shown = path.display();
    (mode & 0o044 != 0).then(|| {
        format!("the token file {shown} can be read by others (mode {mode:04o}); do `chmod 600 {shown}`")
    })
}

fn token(text: &str) -> Result<&str, &'static str> {
    if text.len() as u64 > MOST_BYTES {
        return Err("holds more than a token");
    }
    let token = text.trim();
    if token.is_empty() {
        return Err("is empty");
    }
    if token.contains(char::is_whitespace) {
        // Such as the daemon's own file, which has the hashes.
        return Err("holds more than a token");
    }
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("holds what is no token: letters, digits and signs of ASCII");
    }
    Ok(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_one_word_and_the_daemons_own_file_is_none() {
        assert_eq!(token("trimtab_00ff\n"), Ok("trimtab_00ff"));
        for (text, wanted) in [
            ("", "is empty"),
            (" \n", "is empty"),
            ("read 00ff dashboard\n", "holds more than a token"),
            ("a\nb\n", "holds more than a token"),
            ("bücher", "holds what is no token: letters, digits and signs of ASCII"),
            (&"x".repeat(5000), "holds more than a token"),
        ] {
            assert_eq!(token(text), Err(wanted), "{text}");
        }
    }

    #[test]
    fn a_file_that_others_can_read_is_told_with_what_mends_it() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let told = |mode: u32| {
            file.as_file().set_permissions(std::fs::Permissions::from_mode(mode)).unwrap();
            exposed(file.path())
        };
        for mode in [0o600, 0o400, 0o711] {
            assert_eq!(told(mode), None, "{mode:o}");
        }
        for (mode, wanted) in [(0o640, "others (mode 0640); do `chmod 600 /"), (0o604, "(mode 0604)")] {
            assert!(told(mode).unwrap().contains(wanted), "{mode:o}");
        }
        assert_eq!(exposed(Path::new("/dev/null")), None, "what is no file stays as it is");
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let failure = read(Path::new("/nowhere/token")).unwrap_err();
        assert!(failure.to_string().contains("the token file /nowhere/token cannot be read"), "{failure}");
    }
}
