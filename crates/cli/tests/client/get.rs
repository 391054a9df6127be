//! `trimtab get`.

use super::at::{At, serve};
use super::stage::{Daemon, Folder};
use super::terminal::at_terminal;

const WRITTEN: &str = r#"echo '{"status":{"conditions":[{"type":"Ready","status":"True","reason":"Written","message":"all well"}]}}'"#;

/// Two sites in the namespace `default`, one in `shop`, all reconciled.
async fn sites() -> (Folder, Daemon, At) {
    let folder = Folder::of_sites(WRITTEN, "");
    folder.write("entries/blog.yaml", "kind: site\nname: blog\nlabels: {tier: web}\nspec: {port: 443}\n");
    folder.site("docs");
    folder.write("entries/till.yaml", "kind: site\nname: till\nnamespace: shop\nspec: {}\n");
    let (daemon, url) = serve(&folder, &[]).await;
    daemon.says("3 entries  3 reconciled").await;
    (folder, daemon, At::new(&url))
}

/// The lines without what a clock has to do with.
fn lines(text: &str) -> Vec<String> {
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    text.lines()
        .map(words)
        .map(|line| line.trim_end_matches(|c: char| c.is_ascii_digit() || c == 's').trim_end().to_owned())
        .collect()
}

#[tokio::test]
async fn a_kind_is_listed_in_singular_and_plural_and_by_name_and_namespace() {
    let (_folder, _daemon, at) = sites().await;
    let head = "NAME NAMESPACE GENERATION READY MESSAGE AGE";
    let (blog, docs, till) =
        ("blog default 1 True all well", "docs default 1 True all well", "till shop 1 True all well");
    for (line, wanted) in [
        ("get sites", vec![head, blog, docs]),
        ("get site -o table", vec![head, blog, docs]),
        ("get site docs blog", vec![head, docs, blog]),
        ("get site/docs", vec![head, docs]),
        ("get sites -l tier=web", vec![head, blog]),
        ("get sites -n shop", vec![head, till]),
        ("get sites -A", vec![head, blog, docs, till]),
    ] {
        assert_eq!(lines(&at.trimtab(line).await.with_code(0).out), wanted, "{line}");
    }
    let shop = At::new(at.url()).with("TRIMTAB_NAMESPACE", "shop");
    assert_eq!(lines(&shop.trimtab("get sites").await.with_code(0).out), [head, till]);
    assert_eq!(lines(&shop.trimtab("get sites -n default").await.with_code(0).out), [head, blog, docs]);
    let none = at.trimtab("get sites -n nowhere").await.with_code(0);
    assert_eq!((none.out.as_str(), none.err.as_str()), ("", "there is no site in namespace nowhere\n"));
}

#[tokio::test]
async fn what_programs_read_has_a_tab_between_columns() {
    let (_folder, _daemon, at) = sites().await;
    let out = at.trimtab("get sites").await.with_code(0).out;
    assert!(
        out.starts_with(
            "NAME\tNAMESPACE\tGENERATION\tREADY\tMESSAGE\tAGE\nblog\tdefault\t1\tTrue\tall well\t"
        ),
        "{out}"
    );
    assert!(!out.contains('\u{1b}'));
}

#[tokio::test]
async fn every_form_says_the_same_and_yaml_can_be_applied_again() {
    let (folder, daemon, at) = sites().await;
    let out = |line: &'static str| async { at.trimtab(line).await.with_code(0).out };
    assert_eq!(out("get sites -o name").await, "site/blog\nsite/docs\n");
    assert_eq!(out("get sites -o pointer=/spec/port").await, "443\n\n");
    assert_eq!(out("get site/blog -o pointer=/status/conditions/0/message").await, "all well\n");
    assert!(out("get sites -o wide").await.contains("tier=web"));
    let one: serde_json::Value = serde_json::from_str(&out("get site blog -o json").await).unwrap();
    assert_eq!((&one["name"], &one["spec"]["port"]), (&"blog".into(), &443.into()));
    let list: serde_json::Value = serde_json::from_str(&out("get sites -o json").await).unwrap();
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
    assert!(list["position"].as_str().unwrap().contains('-'), "{list}");
    let yaml = out("get sites -o yaml").await;
    // The daemon reads it as its own files.
    folder.remove("entries/blog.yaml");
    folder.remove("entries/docs.yaml");
    folder.write("entries/all.yaml", &yaml.replace("port: 443", "port: 444"));
    let changed = || async { at.trimtab("get site/blog -o pointer=/spec/port").await.out };
    while changed().await != "444\n" {
        daemon.rest().await;
        assert!(!daemon.log().contains("ERROR"), "{}", daemon.log());
    }
}

#[tokio::test]
async fn what_is_not_there_ends_with_3_and_says_what_was_meant() {
    let (_folder, _daemon, at) = sites().await;
    for (line, wanted) in [
        ("get stie", "error: there is no kind `stie`\n  did you mean `site`?\n"),
        ("get banana", "error: there is no kind `banana`\n  there are site\n"),
        ("get site none", "error: there is no site/none\n"),
        (
            "get site/blog -o pointer=/spec/prot",
            "error: site/blog has nothing at `/spec/prot`\n  `-o json` shows what it has\n",
        ),
    ] {
        let ended = at.trimtab(line).await.with_code(3);
        assert_eq!((ended.out.as_str(), ended.err.as_str()), ("", wanted), "{line}");
    }
    let ended = at.trimtab("get site blog none -o name").await.with_code(3);
    assert_eq!((ended.out.as_str(), ended.err.as_str()), ("site/blog\n", "error: there is no site/none\n"));
}

#[tokio::test]
async fn what_makes_no_sense_ends_with_2() {
    let at = At::new("http://127.0.0.1:1");
    for (line, wanted) in [
        ("get", "the following required arguments were not provided"),
        ("get site -l tier=,", "read the selector at character 6"),
        ("get site blog -l tier=web", "leave out the names, or -l"),
        ("get site -o jsn", "did you mean `json`?"),
        ("get site -o pointer=spec", "did you mean `/spec`?"),
        ("get site/blog docs", "`docs` is no kind and name"),
        ("describe site", "say which site: `trimtab describe site NAME`"),
        ("enqueue sites", "required"),
        ("enqueue sites a --all", "cannot be used with"),
        ("queue --state stuck", "[possible values: running, ready, failing, deferred]"),
        ("gett sites", "'get'"),
    ] {
        at.trimtab(line).await.with_code(2).logged(wanted);
    }
}

#[tokio::test]
async fn a_key_that_fails_is_marked_and_its_error_cannot_drive_the_terminal() {
    let folder = Folder::of_sites("printf 'no \\033[2J space\\n' >&2; exit 65", "");
    folder.site("blog");
    let (daemon, url) = serve(&folder, &[]).await;
    daemon.says("1 failing").await;
    let out = At::new(&url).trimtab("get sites").await.with_code(0).out;
    assert!(out.contains("blog\tdefault\t1\t!\t") && out.contains("space"), "{out}");
    assert!(!out.contains('\u{1b}'), "{out:?}");
}

#[tokio::test]
async fn a_list_goes_on_with_what_changes() {
    let (folder, daemon, at) = sites().await;
    let watch = at.start(&["get", "sites", "-w", "-o", "name"]);
    watch.says("site/docs").await;
    folder.site("new");
    watch.says("site/new").await;
    let table = at.start(&["get", "sites", "-w"]);
    table.says("new\tdefault").await;
    let named = at.start(&["get", "site/docs", "-w"]);
    named.says("docs\tdefault\t1\t").await;
    folder.write("entries/docs.yaml", "kind: site\nname: docs\nspec: {n: 2}\n");
    table.says("docs\tdefault\t2\t").await;
    named.says("docs\tdefault\t2\t").await;
    assert!(!named.printed().contains("blog"), "{}", named.printed());
    for client in [watch, table, named] {
        client.signal(rustix::process::Signal::INT);
        client.ended().await.with_code(0);
    }
    drop(daemon);
}

/// Story: while a key that had failed was tried again, it was shown as if nobody had said anything yet.
#[tokio::test]
async fn a_key_that_is_tried_again_is_marked_until_a_run_succeeds() {
    let script = "if [ -e failed ]; then touch again; while [ ! -e mended ]; do sleep 0.01; done; exit 0; fi\ntouch failed; echo no space >&2; exit 3";
    let folder = Folder::of_sites(script, "");
    folder.site("blog");
    let (daemon, url) = serve(&folder, &[]).await;
    daemon.until("the second run", || folder.has("again")).await;
    let at = At::new(&url);
    assert_eq!(at.trimtab("queue").await.out.lines().nth(1).unwrap().split('\t').nth(3), Some("running"));
    let out = at.trimtab("get sites").await.with_code(0).out;
    assert!(out.contains("blog\tdefault\t1\t!\t") && out.contains("no space"), "{out}");
    folder.write("mended", "");
    daemon.says("1 reconciled").await;
    let out = at.trimtab("get sites").await.with_code(0).out;
    assert!(out.contains("blog\tdefault\t1\t-\t"), "{out}");
}

#[tokio::test]
async fn names_of_several_namespaces_are_warned_of_and_yaml_goes_into_other_commands() {
    let (folder, _daemon, at) = sites().await;
    let all = at.trimtab("get sites -A -o name").await.with_code(0);
    assert_eq!(all.out, "site/blog\nsite/docs\nsite/till\n");
    all.logged("warning: these lie in several namespaces, which `-o name` does not tell; `-o yaml` does");
    for line in ["get sites -A -o name -q", "get sites -o name", "get sites -A -o yaml"] {
        assert_eq!(at.trimtab(line).await.with_code(0).err, "", "{line}");
    }
    let program = env!("CARGO_BIN_EXE_trimtab");
    let line = format!("{program} get sites -A -o yaml | {program} delete -f - --dry-run");
    let ended = at.shell(folder.path(), &line).await.with_code(0);
    assert!(ended.out.contains("site/till in default/shop deleted (dry run)\n"), "{}", ended.out);
}

#[tokio::test]
async fn what_is_not_there_is_not_there_in_the_partition_that_was_named() {
    let (_folder, _daemon, at) = sites().await;
    for (line, wanted) in [
        ("get sites --partition nope", "there is no site in namespace default of partition nope\n"),
        ("get sites -A --partition nope", "there is no site in any namespace of partition nope\n"),
    ] {
        assert_eq!(at.trimtab(line).await.with_code(0).err, wanted, "{line}");
    }
}

#[tokio::test]
async fn a_message_is_cut_where_the_terminal_ends_and_nowhere_else() {
    let long = "a message that goes on ".repeat(6);
    let folder = Folder::of_sites(
        &format!(
            r#"echo '{{"status":{{"conditions":[{{"type":"Ready","status":"True","reason":"Written","message":"{}."}}]}}}}'"#,
            long.trim()
        ),
        "",
    );
    folder.site("blog");
    let (daemon, url) = serve(&folder, &[]).await;
    daemon.says("1 reconciled").await;
    let seen = |line: &'static [&'static str]| at_terminal(&url, &[("NO_COLOR", "1")], line, "");
    for line in [&["get", "sites"][..], &["get", "sites", "-o", "table"]] {
        let seen = seen(line).await;
        let row = seen.text.lines().find(|line| line.starts_with("blog")).unwrap().to_owned();
        assert_eq!((seen.code, row.chars().count() <= 80), (Some(0), true), "{row}");
        assert!(row.contains("a message that goes") && row.contains("…  "), "{row}");
    }
    let wide = seen(&["get", "sites", "-o", "wide"]).await;
    assert!(wide.text.contains(long.trim()), "{}", wide.text);
    let piped = At::new(&url).trimtab("get sites -o table").await.out;
    assert!(piped.contains(long.trim()), "{piped}");
}
