//! The identity of one life of an entry.

use std::fmt;
use std::str::FromStr;

/// 16 random bytes, drawn at create and shown as a UUID of version 4. The same name with another uid is another entry.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uid([u8; 16]);

/// What each byte is worth as a hexadecimal digit; 255 for those that are none.
const DIGITS: [u8; 256] = {
    let (mut digits, mut digit) = ([u8::MAX; 256], 0_u8);
    while digit < 16 {
        let [lower, upper] = [b"0123456789abcdef"[digit as usize], b"0123456789ABCDEF"[digit as usize]];
        (digits[lower as usize], digits[upper as usize]) = (digit, digit);
        digit += 1;
    }
    digits
};

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
        // Digit by digit: the door writes one into every record, and `{:02x}` sixteen times costs as much as the rest of the header.
        let (mut text, mut at) = ([b'-'; 36], 0);
        for byte in self.0 {
            at += usize::from(matches!(at, 8 | 13 | 18 | 23));
            for digit in [byte >> 4, byte & 0x0f] {
                text[at] = b"0123456789abcdef"[usize::from(digit)];
                at += 1;
            }
        }
        f.write_str(str::from_utf8(&text).map_err(|_| fmt::Error)?)
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
        // A follower reads one from every record that it is told.
        let (text, mut number, mut wrongs) = (text.as_bytes(), 0_u128, 0);
        for (at, byte) in text.iter().enumerate() {
            if matches!(at, 8 | 13 | 18 | 23) {
                wrongs |= *byte ^ b'-';
            } else {
                let digit = DIGITS[usize::from(*byte)];
                wrongs |= digit & 0xf0;
                number = number << 4 | u128::from(digit & 0x0f);
            }
        }
        if wrongs == 0 { Ok(Self(number.to_be_bytes())) } else { Err(wrong()) }
    }
}
