//! Log lines, for people and for machines.

use serde_json::{Value, json};

use super::stage::Folder;

const SCRIPT: &str = "echo 'about to fail' >&2; [ -e tried ] || { touch tried; exit 3; }";

#[tokio::test]
async fn json_lines_parse_and_those_of_a_run_say_whose_they_are() {
    let folder = Folder::of_sites(SCRIPT, "");
    folder.site("blog");
    let ended = folder.settle(&["--log-format", "json"]).await.with_code(0);
    let lines: Vec<Value> = ended.err.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let said: Vec<&Value> = lines.iter().filter(|line| line["message"] == "about to fail").collect();
    assert_eq!(said.len(), 2, "{lines:?}");
    for (line, attempt) in said.iter().zip([1, 2]) {
        let of = [&line["controller"], &line["key"], &line["attempt"], &line["level"], &line["target"]];
        assert_eq!(json!(of), json!(["sites", "site/blog", attempt, "INFO", "script"]));
        assert!(line["index"].as_u64() >= Some(1) && line["time"].is_string(), "{line}");
    }
    let failed = lines
        .iter()
        .find(|line| line["error"] == "ended with exit code 3: about to fail")
        .expect("the failure");
    let of = [&failed["controller"], &failed["key"], &failed["attempt"], &failed["level"]];
    assert_eq!(json!(of), json!(["sites", "site/blog", 1, "WARN"]));
}

#[tokio::test]
async fn lines_for_people_begin_with_the_controller_and_the_key() {
    let folder = Folder::of_sites(SCRIPT, "");
    folder.site("blog");
    let ended = folder.settle(&[]).await.with_code(0);
    let line = ended.err.lines().find(|line| line.contains("about to fail")).unwrap();
    assert!(line.ends_with("Z INFO  sites site/blog: about to fail (attempt 1, index 1)"), "{line}");
}

#[tokio::test]
async fn quiet_leaves_only_what_is_wrong() {
    let folder = Folder::of_sites(SCRIPT, "");
    folder.site("blog");
    let ended = folder.settle(&["-q"]).await.with_code(0);
    assert!(ended.err.lines().all(|line| line.contains(" WARN ")), "{}", ended.err);
    assert!(
        ended.err.contains("sites site/blog: a reconcile failed: ended with exit code 3"),
        "{}",
        ended.err
    );
}

#[tokio::test]
async fn json_lines_parse_also_where_it_fails() {
    let broken = Folder::new("[store]\nurl = 7\n");
    let failing = Folder::of_sites("exit 65", "");
    failing.site("blog");
    for folder in [broken, failing] {
        let ended = folder.settle(&["--log-format", "json"]).await.with_code(1);
        let levels: Vec<Value> = ended
            .err
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).expect(line)["level"].clone())
            .collect();
        assert!(levels.contains(&json!("ERROR")), "{levels:?}");
    }
}
