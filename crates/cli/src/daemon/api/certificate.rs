//! The certificate of the API and its key.

use std::time::{Duration, SystemTime};

use trimtab::store::Timestamp;
use trimtab_http::Tls;

use crate::config::Certificate;

/// So long before its end it is said that it comes.
const SOON: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// How long a certificate is still good for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Validity {
    Good,
    /// It ends soon: when, for people.
    Ends(String),
    /// It has ended: clients turn away. What to do, for people.
    Ended(String),
}

/// The texts of both files. The error is for people.
fn texts(files: &Certificate) -> Result<(Vec<u8>, Vec<u8>), String> {
    let read = |path: &std::path::Path| {
        std::fs::read(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))
    };
    Ok((read(&files.certificate)?, read(&files.key)?))
}

/// From now on what the files say. While they are wrong, what was used before stays in use.
pub(crate) fn load(files: &Certificate, used: Option<&Tls>) -> Result<Tls, String> {
    let (certificate, key) = texts(files)?;
    let told = |error| format!("{}: {error}", files.certificate.display());
    match used {
        None => Tls::from_pem(&certificate, &key).map_err(told),
        Some(used) => used.replace(&certificate, &key).map(|()| used.clone()).map_err(told),
    }
}

/// Whether the certificate that is in use is still good.
pub(crate) fn validity(files: &Certificate, used: &Tls, now: SystemTime) -> Validity {
    let Some(end) = used.expires() else { return Validity::Good };
    let (shown, at) = (files.certificate.display(), Timestamp::from(end));
    if end <= now {
        return Validity::Ended(format!("{shown} has expired at {at}, so clients turn away; renew it"));
    }
    if end <= now + SOON {
        return Validity::Ends(format!("{shown} expires at {at}; renew it"));
    }
    Validity::Good
}
