//! `trimtab token`.

use std::fs::{Permissions, metadata, set_permissions};
use std::os::unix::fs::PermissionsExt;

use super::stage::Folder;

#[tokio::test]
async fn a_token_is_printed_once_and_the_file_holds_its_hash_for_its_owner_alone() {
    let folder = Folder::empty();
    let add = ["token", "--role", "read", "--name", "dashboard", "--append", "tokens"];
    let token = folder.trimtab(&add).await.with_code(0).out;
    let token = token.trim_end();
    assert!(token.starts_with("trimtab_") && token.len() == 72, "{token}");
    assert_eq!(metadata(folder.at("tokens")).unwrap().permissions().mode() & 0o777, 0o600);
    let line = folder.read("tokens");
    assert!(line.starts_with("read ") && line.ends_with(" dashboard\n") && line.len() == 80, "{line}");
    assert!(!line.contains(token));
    let other = folder.trimtab(&add).await.with_code(0).out;
    assert_ne!(other.trim_end(), token);
    assert!(folder.read("tokens").starts_with(&line) && folder.read("tokens").lines().count() == 2);
}

#[tokio::test]
async fn without_a_file_the_line_is_told_beside_the_token() {
    let folder = Folder::empty();
    let ended = folder.trimtab(&["token", "--role", "write", "--name", "ci"]).await.with_code(0);
    assert_eq!(ended.out.lines().count(), 1);
    ended.logged("put this line into the file of `[http] tokens`").logged("\nwrite ").logged(" ci\n");
}

#[tokio::test]
async fn nothing_is_added_to_a_file_that_others_can_reach() {
    let folder = Folder::empty();
    folder.write("tokens", "# tokens\n");
    set_permissions(folder.at("tokens"), Permissions::from_mode(0o644)).unwrap();
    let ended =
        folder.trimtab(&["token", "--role", "read", "--name", "a", "--append", "tokens"]).await.with_code(1);
    let ended = ended.logged("can be reached by others (mode 0644); do `chmod 600 tokens`, and again");
    assert_eq!((ended.out.as_str(), folder.read("tokens").as_str()), ("", "# tokens\n"));
}

#[tokio::test]
async fn a_name_of_two_words_is_refused() {
    let folder = Folder::empty();
    let ended = folder.trimtab(&["token", "--role", "read", "--name", "a b"]).await.with_code(2);
    ended.logged("must be one word of 1 to 63 characters");
}
