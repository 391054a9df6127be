//! What the files of `[store]` hold: a password, a token, certificates.
//!
//! Read anew at each connecting, so that what is mended or renewed is used without a restart.

use std::fs::{self, File};
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::model::{Certificate, StoreUrl};
use super::problem::Level;

/// Never shown: there is no `Debug`.
#[derive(Default)]
pub(crate) struct Credentials {
    /// Of etcd's user.
    pub(crate) password: Option<String>,
    /// Consul's.
    pub(crate) token: Option<String>,
    /// PEM.
    pub(crate) authority: Option<Vec<u8>>,
    /// PEM: certificate and key.
    pub(crate) own: Option<(Vec<u8>, Vec<u8>)>,
}

/// What is wrong with a file, and which setting names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Flaw {
    pub(crate) field: &'static str,
    pub(crate) what: String,
    pub(crate) level: Level,
}

/// No file of these is larger.
const MOST_BYTES: u64 = 1 << 20;

impl Credentials {
    /// What is there and can be read, and what is wrong with the rest.
    pub(crate) fn read(store: &StoreUrl) -> (Self, Vec<Flaw>) {
        let (mut reader, mut read) = (Reader::default(), Self::default());
        let servers = match store {
            StoreUrl::Memory | StoreUrl::Embedded(_) => return (read, reader.flaws),
            StoreUrl::Etcd(etcd) => {
                let file = etcd.user.as_ref().map(|user| user.password_file.as_path());
                read.password = file.and_then(|file| reader.secret("store.etcd.password_file", file));
                &etcd.servers
            }
            StoreUrl::Consul(consul) => {
                let file = consul.token_file.as_deref();
                read.token = file.and_then(|file| reader.token("store.consul.token_file", file));
                &consul.servers
            }
        };
        if let Some(tls) = &servers.tls {
            read.authority = tls.authority.as_deref().and_then(|file| reader.authority(file));
            read.own = tls.own.as_ref().and_then(|own| reader.own(own));
        }
        (read, reader.flaws)
    }
}

#[derive(Default)]
struct Reader {
    flaws: Vec<Flaw>,
}

impl Reader {
    fn wrong(&mut self, field: &'static str, file: &Path, what: &str) {
        let what = format!("{} {what}", file.display());
        self.flaws.push(Flaw { field, what, level: Level::Error });
    }

    fn bytes(&mut self, field: &'static str, file: &Path) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        let read = File::open(file).and_then(|open| open.take(MOST_BYTES + 1).read_to_end(&mut bytes));
        match read {
            Ok(_) if bytes.len() as u64 > MOST_BYTES => self.wrong(field, file, "holds more than 1 MiB"),
            Ok(_) => return Some(bytes),
            Err(error) if error.kind() == ErrorKind::NotFound => self.wrong(field, file, "is not there"),
            Err(error) => self.wrong(field, file, &format!("cannot be read: {error}")),
        }
        None
    }

    /// A line of text, which may have any characters but an end of line.
    fn secret(&mut self, field: &'static str, file: &Path) -> Option<String> {
        self.exposed(field, file);
        let bytes = self.bytes(field, file)?;
        let Ok(text) = String::from_utf8(bytes) else {
            self.wrong(field, file, "is not UTF-8 text");
            return None;
        };
        let text = text.strip_suffix('\n').unwrap_or(&text);
        let text = text.strip_suffix('\r').unwrap_or(text);
        match text {
            "" => self.wrong(field, file, "is empty"),
            text if text.contains(['\n', '\r']) => {
                self.wrong(field, file, "has several lines; it must have one");
            }
            text => return Some(text.to_owned()),
        }
        None
    }

    fn token(&mut self, field: &'static str, file: &Path) -> Option<String> {
        let text = self.secret(field, file)?;
        if text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Some(text);
        }
        self.wrong(field, file, "holds no token: one word of printable ASCII characters");
        None
    }

    /// A warning, and not an error: where secrets are mounted by others, the rights on them are not the operator's to choose.
    fn exposed(&mut self, field: &'static str, file: &Path) {
        let Some(found) = fs::metadata(file).ok().filter(fs::Metadata::is_file) else { return };
        let mode = found.permissions().mode() & 0o777;
        if mode & 0o044 != 0 {
            let shown = file.display();
            let what = format!("{shown} can be read by others (mode {mode:04o}); do `chmod 600 {shown}`");
            self.flaws.push(Flaw { field, what, level: Level::Warning });
        }
    }

    fn authority(&mut self, file: &Path) -> Option<Vec<u8>> {
        let field = "store.tls.authority";
        let pem = self.bytes(field, file)?;
        let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
        match found {
            Ok(found) if !found.is_empty() => return Some(pem),
            Ok(_) => {
                self.wrong(field, file, "holds no certificate; it must have a `-----BEGIN CERTIFICATE-----`");
            }
            Err(error) => self.wrong(field, file, &format!("is no PEM file of certificates: {error}")),
        }
        None
    }

    fn own(&mut self, own: &Certificate) -> Option<(Vec<u8>, Vec<u8>)> {
        let certificate = self.bytes("store.tls.certificate", &own.certificate);
        self.exposed("store.tls.key", &own.key);
        let key = self.bytes("store.tls.key", &own.key);
        let (certificate, key) = (certificate?, key?);
        // Both clients of stores use them as a server does: the key must be the certificate's.
        match trimtab_http::Tls::from_pem(&certificate, &key) {
            Ok(_) => Some((certificate, key)),
            Err(error) => {
                self.wrong("store.tls.certificate", &own.certificate, &format!("cannot be used: {error}"));
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;

    use rcgen::generate_simple_self_signed;

    use super::super::{Above, load};
    use super::*;

    /// What is told of a folder with these files, each with the rights 600 but for the one called `open`.
    fn told(toml: &str, files: &[(&str, &str)]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files.iter().chain([&("trimtab.toml", toml)]) {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            let mode = if *name == "open" { 0o644 } else { 0o600 };
            fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        }
        fs::create_dir(folder.path().join("entries")).unwrap();
        let problems = load(folder.path(), &Above::default()).unwrap().problems.sorted();
        let told = problems.iter().filter(|problem| problem.field.starts_with("store."));
        let root = format!("{}/", folder.path().display());
        told.map(|problem| problem.to_string().replace(&root, "")).collect()
    }

    const ETCD: &str =
        "[store]\nurl = \"etcd://a\"\n[store.etcd]\nuser = \"me\"\npassword_file = \"password\"\n";
    const CONSUL: &str = "[store]\nurl = \"consul://a\"\n[store.consul]\ntoken_file = \"token\"\n";
    const TLS: &str = "[store]\nurl = \"etcd://a\"\n[store.tls]\nauthority = \"ca.pem\"\ncertificate = \"me.pem\"\nkey = \"me.key\"\n";

    #[test]
    fn a_file_that_cannot_be_used_is_told_with_the_line_that_names_it_and_without_what_it_holds() {
        let field = "error: trimtab.toml:5: store.etcd.password_file: password";
        assert_eq!(told(ETCD, &[]), [format!("{field} is not there")]);
        assert_eq!(told(ETCD, &[("password", "\n")]), [format!("{field} is empty")]);
        assert_eq!(
            told(ETCD, &[("password", "hidden\nhidden\n")]),
            [format!("{field} has several lines; it must have one")]
        );
        assert_eq!(told(ETCD, &[("password", "a word with spaces\n")]), [""; 0]);
        assert_eq!(
            told(CONSUL, &[("token", "hidden hidden")]),
            [
                "error: trimtab.toml:4: store.consul.token_file: token holds no token: one word of printable ASCII characters"
            ]
        );
        let open = CONSUL.replace("\"token\"", "\"open\"");
        assert_eq!(
            told(&open, &[("open", "t")]),
            [
                "warning: trimtab.toml:4: store.consul.token_file: open can be read by others (mode 0644); do `chmod 600 open`"
            ]
        );
    }

    #[test]
    fn certificates_are_looked_at_before_anything_is_connected() {
        let [one, other] = [(), ()].map(|()| generate_simple_self_signed(vec!["a".to_owned()]).unwrap());
        let (ca, key, strange) =
            (one.cert.pem(), one.signing_key.serialize_pem(), other.signing_key.serialize_pem());
        assert_eq!(told(TLS, &[("ca.pem", &ca), ("me.pem", &ca), ("me.key", &key)]), [""; 0]);
        let found = told(TLS, &[("ca.pem", "no PEM"), ("me.pem", &ca), ("me.key", &strange)]);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(
            found[0].starts_with("error: trimtab.toml:4: store.tls.authority: ca.pem holds no certificate"),
            "{found:?}"
        );
        assert!(
            found[1].starts_with("error: trimtab.toml:5: store.tls.certificate: me.pem cannot be used: "),
            "{found:?}"
        );
        let found = told(TLS, &[("ca.pem", &ca), ("me.pem", &ca)]);
        assert_eq!(found, ["error: trimtab.toml:6: store.tls.key: me.key is not there"]);
    }
}
