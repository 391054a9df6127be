//! The identity of one life of an entry.

use std::fmt;
use std::str::FromStr;

/// 16 random bytes, drawn at create and shown as a UUID of version 4. The same name with another uid is another entry.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uid([u8; 16]);

/// A text that is not a uid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a uid: 32 hexadecimal digits in groups of 8, 4, 4, 4 and 12")]
pub struct UidError(String);

impl Uid {
    /// A uid of random bytes (from the random seam); the six bits of variant and version are set.
    pub const fn from_random(mut bytes: [u8; 16]) -> Self {
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        Self(bytes)
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            let dash = if matches!(at, 4 | 6 | 8 | 10) { "-" } else { "" };
            write!(f, "{dash}{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Uid {
    type Err = UidError;
    fn from_str(text: &str) -> Result<Self, UidError> {
        let wrong = || UidError(text.into());
        if text.len() != 36 {
            return Err(wrong());
        }
        // Without a copy: a follower reads one from every record that it is told.
        let (mut number, mut places) = (0_u128, text.bytes().enumerate());
        let hexadecimal = places.all(|(at, byte)| match char::from(byte).to_digit(16) {
            Some(digit) if !matches!(at, 8 | 13 | 18 | 23) => {
                number = number << 4 | u128::from(digit);
                true
            }
            digit => digit.is_none() && byte == b'-' && matches!(at, 8 | 13 | 18 | 23),
        });
        if hexadecimal { Ok(Self(number.to_be_bytes())) } else { Err(wrong()) }
    }
}
