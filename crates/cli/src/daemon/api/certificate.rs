//! The certificate of the API and its key.

use trimtab_http::Tls;

use crate::config::Certificate;

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
