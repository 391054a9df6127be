//! The HTTP API as a part of the daemon: where it listens, who gets in, what it says of itself.

use std::fs::{Permissions, set_permissions};
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, SystemTime};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use trimtab::seams::Seams;

use super::stage::{Daemon, Folder};

/// Where it says that it listens.
pub(super) async fn address(daemon: &Daemon) -> String {
    daemon.url().await.split_once("://").unwrap().1.to_owned()
}

/// The whole answer; nothing when nobody answers.
pub(super) async fn ask(address: &str, path: &str, token: Option<&str>) -> String {
    let authorization = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{authorization}\r\n");
    let mut answer = Vec::new();
    if let Ok(mut stream) = TcpStream::connect(address).await
        && stream.write_all(request.as_bytes()).await.is_ok()
    {
        drop(stream.read_to_end(&mut answer).await);
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// Asks until the answer has this.
pub(super) async fn answers(daemon: &Daemon, address: &str, path: &str, token: Option<&str>, wanted: &str) {
    for _ in 0..600 {
        if ask(address, path, token).await.contains(wanted) {
            return;
        }
        daemon.rest().await;
    }
    panic!("{path} never answered {wanted:?} but {}\n{}", ask(address, path, token).await, daemon.log());
}

#[tokio::test]
async fn the_first_line_names_the_real_port_and_the_api_is_served_there() {
    let folder = Folder::of_sites("exit 0", "");
    let daemon = folder.start(&[]);
    let address = address(&daemon).await;
    assert!(!address.ends_with(":0"), "{address}");
    answers(&daemon, &address, "/healthz", None, "HTTP/1.1 200").await;
    answers(&daemon, &address, "/readyz", None, "HTTP/1.1 200").await;
}

#[tokio::test]
async fn an_address_in_use_is_told_with_the_setting_that_names_it() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = Folder::of_sites("exit 0", "");
    let ended = folder.start(&["--listen", &address]).ended().await.with_code(1);
    let wanted = format!(
        "error: --listen: http.listen: `{address}` is in use by another process; stop that one, or name another port"
    );
    assert_eq!(ended.logged(&wanted).out, "", "the store was not opened");
}

#[tokio::test]
async fn nothing_is_served_when_it_is_off_nor_until_settled_unless_told() {
    let folder = Folder::of_sites("echo \"${TRIMTAB_API-none}\" > api", "");
    folder.site("blog");
    let ended = folder.settle(&[]).await.with_code(0);
    assert!(!ended.out.contains("  api "), "{}", ended.out);
    assert_eq!(folder.read("api"), "none\n");
    let ended = folder.settle(&["--listen", "off"]).await.with_code(0);
    assert!(!ended.out.contains("  api "), "{}", ended.out);
    let ended = folder.settle(&["--listen", "127.0.0.1:0"]).await.with_code(0);
    let (_, url) = ended.out.lines().next().unwrap().split_once("  api ").unwrap();
    assert_eq!(folder.read("api").trim_end(), url, "scripts are told where");
}

#[tokio::test]
async fn an_address_that_others_reach_is_refused_without_tokens_unless_insecure() {
    let folder = Folder::of_sites("exit 0", "");
    let ended = folder.start(&["--listen", "0.0.0.0:0"]).ended().await.with_code(1);
    let ended = ended.logged("error: --listen: http.listen: `0.0.0.0:0` can be reached from outside");
    ended.logged("start with `--insecure`");
    let daemon = folder.start(&["--listen", "0.0.0.0:0", "--insecure"]);
    daemon.says("  api http://127.0.0.1:").await;
    daemon.logs("everybody who does may do everything").await;
}

#[tokio::test]
async fn tokens_are_read_again_when_they_change_and_nobody_gets_in_while_they_are_gone() {
    let folder = Folder::of_sites("exit 0", "[http]\ntokens = \"tokens\"\n");
    let add = ["token", "--role", "read", "--name", "a", "--append", "tokens"];
    let first = folder.trimtab(&add).await.with_code(0).out;
    let daemon = folder.start(&[]);
    let address = address(&daemon).await;
    let (path, first) = ("/v1/controllers", Some(first.trim_end()));
    answers(&daemon, &address, path, None, "HTTP/1.1 401").await;
    answers(&daemon, &address, path, first, "HTTP/1.1 200").await;

    let second = folder.trimtab(&add).await.with_code(0).out;
    answers(&daemon, &address, path, Some(second.trim_end()), "HTTP/1.1 200").await;

    set_permissions(folder.at("tokens"), Permissions::from_mode(0o644)).unwrap();
    answers(&daemon, &address, path, first, "HTTP/1.1 401").await;
    daemon.logs("can be reached by others (mode 0644); do `chmod 600 ").await;
    answers(&daemon, &address, "/readyz", None, "HTTP/1.1 503").await;

    set_permissions(folder.at("tokens"), Permissions::from_mode(0o600)).unwrap();
    answers(&daemon, &address, path, first, "HTTP/1.1 200").await;
    answers(&daemon, &address, "/readyz", None, "HTTP/1.1 200").await;

    folder.remove("tokens");
    answers(&daemon, &address, path, first, "HTTP/1.1 401").await;
    daemon.logs("is not there; `trimtab token --role write --name me --append ").await;
    assert!(!daemon.log().contains(first.unwrap()), "a token is in the log");

    folder.write("tokens", "");
    set_permissions(folder.at("tokens"), Permissions::from_mode(0o600)).unwrap();
    daemon.logs("grants nothing, so nobody gets in").await;
    // Nobody can ask with a token now, so whoever looks is told where to look.
    answers(&daemon, &address, "/readyz", None, "no token is accepted at present").await;
    answers(&daemon, &address, path, first, "HTTP/1.1 401").await;
    let third = folder.trimtab(&add).await.with_code(0).out;
    answers(&daemon, &address, path, Some(third.trim_end()), "HTTP/1.1 200").await;
    answers(&daemon, &address, "/readyz", None, "HTTP/1.1 200").await;
    daemon.logs("tokens: well again").await;
}

/// A certificate that is good until then, and its key, as the file names them.
fn certify(folder: &Folder, until: SystemTime) {
    let mut parameters = rcgen::CertificateParams::new(vec!["localhost".into()]).unwrap();
    let since_1970 = until.duration_since(SystemTime::UNIX_EPOCH).unwrap();
    parameters.not_after = rcgen::date_time_ymd(1970, 1, 1) + since_1970;
    let key = rcgen::KeyPair::generate().unwrap();
    folder.write("k.pem", &key.serialize_pem());
    folder.write("c.pem", &parameters.self_signed(&key).unwrap().pem());
}

#[tokio::test]
async fn a_certificate_that_expires_is_told_before_and_after_and_mended_by_another() {
    let folder = Folder::of_sites("touch ran", "[http]\ncertificate = \"c.pem\"\nkey = \"k.pem\"\n");
    folder.site("blog");
    let now = Seams::tokio().wall();
    certify(&folder, now + Duration::from_secs(3));
    let daemon = folder.start(&[]);
    daemon.logs("c.pem expires at ").await;
    daemon.logs("c.pem has expired at ").await;
    daemon.logs("so clients turn away; renew it").await;
    daemon.until("the run", || folder.has("ran")).await;
    certify(&folder, now + Duration::from_secs(100 * 24 * 60 * 60));
    daemon.logs("certificate: well again").await;
    assert_eq!(daemon.log().matches("c.pem expires at ").count(), 1, "{}", daemon.log());
    assert_eq!(daemon.log().matches("c.pem has expired at ").count(), 1, "{}", daemon.log());
}

#[tokio::test]
async fn a_certificate_that_has_expired_before_the_start_is_told_and_the_controllers_run() {
    let folder = Folder::of_sites("touch ran", "[http]\ncertificate = \"c.pem\"\nkey = \"k.pem\"\n");
    folder.site("blog");
    certify(&folder, Seams::tokio().wall() - Duration::from_secs(60));
    let daemon = folder.start(&[]);
    daemon.logs("c.pem has expired at ").await;
    daemon.until("the run", || folder.has("ran")).await;
    let url = format!("https://{}/readyz", address(&daemon).await);
    // One that does not mind.
    match tokio::process::Command::new("curl").args(["-sk", "--max-time", "20", &url]).output().await {
        Ok(output) => {
            let told = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(told.contains("certificate: ") && told.contains("has expired at"), "{told}");
        }
        Err(_) => eprintln!("SKIPPED: curl is not on this machine"),
    }
    folder.trimtab(&["check"]).await.with_code(1).logged("http.certificate: ").logged("has expired at");
}

#[tokio::test]
async fn a_file_of_entries_that_is_wrong_is_told_by_readyz_until_it_is_mended() {
    let folder = Folder::of_sites("exit 0", "");
    folder.write("entries/wrong.yaml", "kind: [\n");
    let daemon = folder.start(&[]);
    let address = address(&daemon).await;
    answers(&daemon, &address, "/readyz", None, "entries/wrong.yaml").await;
    folder.write("entries/wrong.yaml", "kind: site\nname: a\nspec: {}\n");
    answers(&daemon, &address, "/readyz", None, "HTTP/1.1 200").await;
}

/// The daemon goes on without its API: its controllers have no need of it.
#[tokio::test]
async fn a_certificate_that_cannot_be_used_is_told_and_the_controllers_run() {
    let folder = Folder::of_sites("touch ran", "[http]\ncertificate = \"c.pem\"\nkey = \"k.pem\"\n");
    folder.site("blog");
    folder.write("c.pem", "no certificate\n");
    folder.write("k.pem", "no key\n");
    let daemon = folder.start(&[]);
    daemon.until("the run", || folder.has("ran")).await;
    daemon.logs("; the API is not served until that is mended").await;
    folder.trimtab(&["check"]).await.with_code(1).logged("http.certificate: ");
}
