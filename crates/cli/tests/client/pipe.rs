//! Standard output that nobody reads, and one that is full.

use std::fs::File;
use std::process::Stdio;

use tokio::process::Command;

use super::stage::Folder;

/// What needs no daemon and prints.
const PRINTING: [&str; 12] = [
    "schema file",
    "config show",
    "config show -o json",
    "config show -o toml",
    "check .",
    "man",
    "man pages",
    "completions bash",
    "token --role read --name z",
    "token --role read --name z --append tokens",
    "version",
    "init new",
];

/// The exit code, and what was told.
async fn ended(line: &str, out: Stdio) -> (Option<i32>, String) {
    let folder = Folder::of_sites("exit 0", "");
    let mut command = Command::new(env!("CARGO_BIN_EXE_trimtab"));
    command.current_dir(folder.path()).args(line.split(' ')).stdin(Stdio::null());
    let child = command.stdout(out).stderr(Stdio::piped()).spawn().unwrap();
    let ended = child.wait_with_output().await.unwrap();
    (ended.status.code(), String::from_utf8(ended.stderr).unwrap())
}

/// Story: `trimtab schema file | head -1` ended in a panic with 101.
#[tokio::test]
async fn a_reader_who_has_seen_enough_ends_every_command_quietly() {
    for line in PRINTING {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let (code, told) = ended(line, writer.into()).await;
        assert_eq!(code, Some(0), "{line}: {told}");
        assert!(!told.contains("error") && !told.contains("panicked"), "{line}: {told}");
    }
}

/// Story: `trimtab man > /dev/full` ended with 0, and the file was empty.
#[tokio::test]
async fn a_full_device_is_an_error_of_every_command() {
    for line in PRINTING {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let (code, told) = ended(line, full.into()).await;
        assert_eq!(code, Some(1), "{line}: {told}");
        assert!(told.contains("error: standard output cannot be written: No space left"), "{line}: {told}");
        assert_eq!(told.contains("take the line of `z` out of tokens"), line.contains("--append"), "{told}");
    }
}
