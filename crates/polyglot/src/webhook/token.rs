//! The token that a server is shown, read from a file.
//!
//! It is not kept in the settings: a token is renewed while the daemon runs, and what is in a settings file ends in a repository. Without it nothing is sent: a server that
//! would answer strangers might take a question with no token for somebody else's.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::PathBuf;
use std::time::SystemTime;

use http::HeaderValue;
use parking_lot::Mutex;

/// No token is longer.
const MOST: u64 = 8 << 10;

/// A file whose text is the token; read again when it changes.
pub(super) struct Token {
    path: PathBuf,
    read: Mutex<Option<(Version, HeaderValue)>>,
}

/// What changes with a file: when it was written, and its length.
type Version = (SystemTime, u64);

impl Token {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, read: Mutex::default() }
    }

    /// The `Authorization` header.
    ///
    /// # Errors
    /// Why there is none, without a word of what the file says.
    pub(super) fn header(&self) -> Result<HeaderValue, String> {
        let wrong = |what: &str| format!("was not asked: token_file {}: {what}", self.path.display());
        let version = self.version().map_err(|error| wrong(&error.to_string()))?;
        let known = self.read.lock().clone().filter(|(known, _)| *known == version);
        if let Some((_, header)) = known {
            return Ok(header);
        }
        let mut text = String::new();
        let read = File::open(&self.path).and_then(|file| file.take(MOST + 1).read_to_string(&mut text));
        match read {
            Ok(_) if text.len() as u64 > MOST => {
                return Err(wrong("is longer than 8 KiB; it must hold one token"));
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                return Err(wrong("is not text; it must hold one token"));
            }
            Err(error) => return Err(wrong(&error.to_string())),
        }
        let token = text.trim();
        if token.is_empty() {
            return Err(wrong("is empty; it must hold one token"));
        }
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(wrong("must hold one token, of printable ASCII characters without blanks"));
        }
        let mut header =
            HeaderValue::try_from(format!("Bearer {token}")).expect("printable ASCII is a header's value");
        header.set_sensitive(true);
        *self.read.lock() = Some((version, header.clone()));
        Ok(header)
    }

    fn version(&self) -> io::Result<Version> {
        let found = fs::metadata(&self.path)?;
        Ok((found.modified()?, found.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_anew_when_its_file_changes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        fs::write(&path, "first\n").unwrap();
        let token = Token::new(path.clone());
        assert_eq!(token.header().unwrap(), "Bearer first");
        fs::write(&path, "a second one").unwrap_or_default();
        assert!(token.header().is_err(), "a blank is in no token");
        fs::write(&path, "second").unwrap();
        assert_eq!(token.header().unwrap(), "Bearer second");
        assert!(token.header().unwrap().is_sensitive());
    }

    #[test]
    fn what_is_no_token_is_told_without_what_the_file_says() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let token = Token::new(path.clone());
        assert!(token.header().unwrap_err().starts_with("was not asked: token_file "));
        let long = "x".repeat(9000).into_bytes();
        let cases: [(&[u8], &str); 4] = [
            (b" \n", "is empty"),
            (b"hidden\nsecret", "without blanks"),
            (&[0xff, b'x'], "is not text"),
            (&long, "is longer than 8 KiB"),
        ];
        for (bytes, what) in cases {
            fs::write(&path, bytes).unwrap();
            let told = token.header().unwrap_err();
            assert!(told.contains(what) && !told.contains("hidden"), "{told}");
        }
    }
}
