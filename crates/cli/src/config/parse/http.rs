//! `[http]`.

use std::net::SocketAddr;
use std::path::Path;

use super::super::fields::Fields;
use super::super::model::{Certificate, Http};
use super::super::problem::Problems;
use super::path;

pub(super) fn http(folder: &Path, mut table: Fields<'_, '_>, problems: &mut Problems) -> Option<Http> {
    let listen = table.parsed("listen", problems, listen);
    let tokens = path(folder, &mut table, "tokens", problems);
    let certificate = path(folder, &mut table, "certificate", problems);
    let key = path(folder, &mut table, "key", problems);
    let hosts = table.texts("hosts", problems);
    table.finish(problems);
    let listen = listen?;
    Some(Http {
        listen: listen.value,
        listen_at: listen.place,
        tokens,
        certificate: certificate.zip(key).map(|(certificate, key)| Certificate { certificate, key }),
        hosts: hosts?.value,
    })
}

fn listen(text: &str) -> Result<Option<SocketAddr>, String> {
    if text == "off" {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| {
        format!("`{text}` is not an address and a port, such as `127.0.0.1:7420` or `[::1]:7420`, nor `off`")
    })
}
