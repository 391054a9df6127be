//! `trimtab config show` and `trimtab schema`.

use serde_json::Value;
use tokio::process::Command;

use super::stage::{Daemon, Ended, Folder, SITES};

const FILE: &str = "[store]\nurl = \"memory:\"\n[entries]\nprune = true\n[[controller]]\nname = \"a\"\nkind = \"a\"\nexec = [\"sh\"]\nenv = { B = \"c d\" }\n[[controller.watch]]\nkind = \"b\"\nowner = true\n[[controller.watch]]\nkind = \"c\"\nreferences = \"/spec/c\"\n";

async fn show(folder: &Folder, more: &[&str]) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trimtab"));
    command.env("TRIMTAB_ENTRIES_WATCH", "false").env("TRIMTAB_ENTRIES_PRUNNE", "false");
    command.args(["config", "show"]).arg(folder.path()).args(["--listen", "127.0.0.1:0"]).args(more);
    Daemon::start(command).ended().await
}

#[tokio::test]
async fn each_setting_is_shown_with_where_it_came_from() {
    let folder = Folder::new(FILE);
    let ended = show(&folder, &["-o", "json"]).await.with_code(0);
    let ended = ended.logged("warning: TRIMTAB_ENTRIES_PRUNNE: is set in the environment, and no such setting is known; did you mean `TRIMTAB_ENTRIES_PRUNE`?");
    let all: Vec<Value> = serde_json::from_str(&ended.out).unwrap();
    let of = |setting: &str| {
        let found = all.iter().find(|one| one["setting"] == setting).unwrap();
        (found["value"].to_string(), found["source"].as_str().unwrap().to_owned())
    };
    for (setting, value, source) in [
        ("store.url", "\"memory:\"", "trimtab.toml:2"),
        ("store.history", "\"64MiB\"", "default"),
        ("http.listen", "\"127.0.0.1:0\"", "--listen"),
        ("http.tokens", "null", "default"),
        ("entries.watch", "false", "TRIMTAB_ENTRIES_WATCH"),
        ("entries.prune", "true", "trimtab.toml:4"),
        ("controller[0].exec", "[\"sh\"]", "trimtab.toml:8"),
        ("controller[0].backoff.max", "\"5m\"", "default"),
        ("controller[0].watch[0].owner", "true", "trimtab.toml:12"),
    ] {
        assert_eq!(of(setting), (value.to_owned(), source.to_owned()), "{setting}");
    }
    let table = show(&folder, &[]).await.with_code(0).out;
    assert!(table.starts_with("SETTING "), "{table}");
    let row = table.lines().find(|line| line.starts_with("store.url ")).unwrap();
    assert_eq!(row.split_whitespace().collect::<Vec<_>>(), ["store.url", "\"memory:\"", "trimtab.toml:2"]);
}

#[tokio::test]
async fn what_is_shown_as_toml_is_a_file_that_says_the_same() {
    let folder = Folder::new(FILE);
    let first = show(&folder, &["-o", "toml"]).await.with_code(0).out;
    let again = Folder::new(&first);
    let values = async |folder: &Folder| -> Vec<(String, Value)> {
        let shown = show(folder, &["-o", "json"]).await.with_code(0).out;
        let all: Vec<Value> = serde_json::from_str(&shown).unwrap();
        all.iter().map(|one| (one["setting"].to_string(), one["value"].clone())).collect()
    };
    assert_eq!(values(&folder).await, values(&again).await, "{first}");
}

#[tokio::test]
async fn of_a_wrong_file_the_mistakes_are_shown() {
    let folder = Folder::new(&format!("{SITES}workres = 1\n"));
    let ended = show(&folder, &[]).await.with_code(1).logged("did you mean `workers`?");
    assert_eq!(ended.out, "");
}

#[tokio::test]
async fn each_schema_is_printed_and_is_one() {
    let folder = Folder::new("");
    for of in ["file", "input", "output", "reply", "map-input", "map-output"] {
        let schema: Value =
            serde_json::from_str(&folder.trimtab(&["schema", of]).await.with_code(0).out).unwrap();
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema", "{of}");
        assert!(jsonschema::options().build(&schema).is_ok(), "{of}");
    }
    folder.trimtab(&["schema", "fiel"]).await.with_code(2).logged("'file'");
}
