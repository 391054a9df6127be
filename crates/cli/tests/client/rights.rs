//! Tokens.

use super::at::{At, serve};
use super::stage::{Daemon, Folder};

/// A daemon that asks for tokens; the files `reader` and `writer` hold one each.
async fn guarded() -> (Folder, Daemon, At) {
    let folder = Folder::of_sites("exit 0", "[http]\ntokens = \"tokens\"\n");
    folder.site("blog");
    for role in ["read", "write"] {
        let add = ["token", "--role", role, "--name", role, "--append", "tokens"];
        let token = folder.trimtab(&add).await.with_code(0).out;
        folder.write(role, &token);
    }
    let (daemon, url) = serve(&folder, &[]).await;
    daemon.says("1 reconciled").await;
    (folder, daemon, At::new(&url))
}

#[tokio::test]
async fn without_a_token_it_is_told_how_to_get_one() {
    let (_folder, _daemon, at) = guarded().await;
    let ended = at.trimtab("get sites").await.with_code(1);
    let wanted = "error: the daemon asks for a token\n  make a token with `trimtab token`, and name the file that holds it by --token-file\n";
    assert_eq!(ended.err, wanted);
}

#[tokio::test]
async fn a_token_lets_in_for_what_it_allows() {
    let (folder, _daemon, at) = guarded().await;
    let file = |role: &str| folder.at(role).display().to_string();
    let read = At::new(at.url()).with("TRIMTAB_TOKEN_FILE", &file("read"));
    assert_eq!(read.trimtab("get sites -o name").await.with_code(0).out, "site/blog\n");
    let ended = read.trimtab("enqueue sites --all").await.with_code(1);
    ended.logged("the token of `read` may only look").logged("a token that may write by --token-file");
    let line = format!("enqueue sites --all --token-file {}", file("write"));
    read.trimtab(&line).await.with_code(0);
}

#[tokio::test]
async fn a_file_that_holds_no_token_ends_with_2_and_says_what_belongs_there() {
    let (folder, _daemon, at) = guarded().await;
    folder.write("empty", "\n");
    for (name, wanted) in
        [("none", "cannot be read"), ("empty", "is empty"), ("tokens", "holds more than a token")]
    {
        let line = format!("get sites --token-file {}", folder.at(name).display());
        at.trimtab(&line).await.with_code(2).logged(wanted).logged("`trimtab token --role read");
    }
    folder.write("wrong", "trimtab_00\n");
    let line = format!("get sites --token-file {}", folder.at("wrong").display());
    at.trimtab(&line).await.with_code(1).logged("the token that was given is not known");
}

#[tokio::test]
async fn a_token_file_that_others_can_read_is_warned_of() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new("[store]\nurl = \"memory:\"\n");
    let (_daemon, url) = serve(&folder, &[]).await;
    folder.write("token", "trimtab_00ff\n");
    let file = folder.at("token");
    let at = At::new(&url);
    let ask = |more: &str| format!("version --daemon --token-file {}{more}", file.display());
    let set = |mode: u32| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
    set(0o644);
    let wanted = format!(
        "warning: the token file {0} can be read by others (mode 0644); do `chmod 600 {0}`\n",
        file.display()
    );
    assert_eq!(at.trimtab(&ask("")).await.with_code(0).err, wanted);
    assert_eq!(at.trimtab(&ask(" -q")).await.with_code(0).err, "");
    set(0o600);
    assert_eq!(at.trimtab(&ask("")).await.with_code(0).err, "");
}
