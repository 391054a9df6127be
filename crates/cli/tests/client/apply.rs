//! `trimtab apply`.

use super::at::{At, serve};
use super::stage::{Daemon, Ended, Folder};

/// A daemon without a controller, and nothing in it.
pub(crate) async fn empty() -> (Folder, Daemon, At) {
    let folder = Folder::new("[store]\nurl = \"memory:\"\n");
    let (daemon, url) = serve(&folder, &[]).await;
    (folder, daemon, At::new(&url))
}

/// `trimtab` with these words, files being those of the folder.
pub(crate) async fn with(at: &At, folder: &Folder, line: &str) -> Ended {
    let words: Vec<String> = line
        .split(' ')
        .map(|word| match word.strip_prefix('@') {
            Some(file) => folder.at(file).display().to_string(),
            None => word.to_owned(),
        })
        .collect();
    at.start(&words.iter().map(String::as_str).collect::<Vec<_>>()).ended().await
}

pub(crate) const BLOG: &str = "kind: site\nname: blog\nlabels: {tier: web}\nspec: {port: 80}\n";

#[tokio::test]
async fn an_entry_is_created_changed_and_left_as_it_is() {
    let (folder, _daemon, at) = empty().await;
    folder.write("blog.yaml", BLOG);
    let dry = with(&at, &folder, "apply -f @blog.yaml --dry-run").await.with_code(0);
    assert_eq!(dry.out, "site/blog created (dry run)\n");
    let line = "apply -f @blog.yaml";
    assert_eq!(with(&at, &folder, line).await.with_code(0).out, "site/blog created (index 1)\n");
    assert_eq!(with(&at, &folder, line).await.with_code(0).out, "site/blog unchanged\n");
    folder.write("blog.yaml", "kind: site\nname: blog\nspec: {port: 443}\n");
    let ended = with(&at, &folder, line).await.with_code(0);
    assert_eq!((ended.out.as_str(), ended.err.as_str()), ("site/blog changed (index 2)\n", ""));
    let now: serde_json::Value =
        serde_json::from_str(&at.trimtab("get site/blog -o json").await.with_code(0).out).unwrap();
    assert_eq!((&now["spec"]["port"], now.get("labels")), (&443.into(), None), "labels became exactly these");
    assert_eq!(with(&at, &folder, "apply -f @blog.yaml -o name").await.with_code(0).out, "site/blog\n");
    let told: serde_json::Value =
        serde_json::from_str(&with(&at, &folder, "apply -f @blog.yaml -o json").await.with_code(0).out)
            .unwrap();
    assert_eq!((&told["outcome"], &told["entry"]["spec"]["port"]), (&"unchanged".into(), &443.into()));
}

#[tokio::test]
async fn folders_and_every_form_are_read_and_an_owner_may_stand_after_what_it_owns() {
    let (folder, _daemon, at) = empty().await;
    folder.write("all/a.yaml", "kind: listing\nname: a\nowners: [{kind: site, name: blog}]\nspec: {}\n---\nkind: note\nname: b\nspec: 1\n");
    folder.write("all/deep/b.json", "{\"kind\": \"site\", \"name\": \"blog\", \"spec\": {}}\n{\"kind\": \"note\", \"name\": \"c\", \"spec\": 2}");
    folder.write("all/c.toml", "kind = \"note\"\nname = \"d\"\nspec = 3\n");
    let line = "apply -f @all -n shop --dry-run";
    let dry = with(&at, &folder, line).await.with_code(0);
    assert!(dry.out.contains("listing/a in default/shop created once its owner is (dry run)"), "{}", dry.out);
    assert_eq!(dry.out.lines().count(), 5);
    let done = with(&at, &folder, "apply -f @all -n shop").await.with_code(0);
    assert_eq!(done.out.lines().count(), 5);
    assert_eq!(done.out.lines().last(), Some("listing/a in default/shop created (index 5)"), "{}", done.out);
}

#[tokio::test]
async fn standard_input_is_read_in_the_form_it_has() {
    let (folder, _daemon, at) = empty().await;
    for (nth, text) in [
        "kind: site\nname: a0\nspec: {}\n",
        r#"{"kind": "site", "name": "a1", "spec": {}}"#,
        "kind = \"site\"\nname = \"a2\"\n[spec]\n",
    ]
    .iter()
    .enumerate()
    {
        folder.write("in", text);
        let line = format!("{} apply -f - < in", env!("CARGO_BIN_EXE_trimtab"));
        let ended = at.shell(folder.path(), &line).await.with_code(0);
        assert_eq!(ended.out, format!("site/a{nth} created (index {})\n", nth + 1));
    }
}

#[tokio::test]
async fn nothing_is_applied_when_something_cannot_be_read_and_every_mistake_is_told() {
    let (folder, _daemon, at) = empty().await;
    folder.write("all/blog.yaml", BLOG);
    folder.write("all/broken.yaml", "kind: [\n");
    folder.write("all/field.yaml", "kind: site\nname: b\nlables: {}\nspec: {}\n");
    folder.write("all/large.yaml", &format!("kind: site\nname: c\nspec: \"{}\"\n", "x".repeat(257 * 1024)));
    folder.write("all/name.yaml", "kind: site\nname: ..\nspec: {}\n");
    folder.write("all/status.yaml", "kind: site\nname: d\nspec: {}\nstatus: {}\n");
    let ended = with(&at, &folder, "apply -f @all -f @missing.yaml").await.with_code(1);
    assert_eq!(ended.out, "");
    for wanted in [
        "broken.yaml:",
        "field.yaml:1: lables: is not a field here; ",
        "; did you mean `labels`?",
        "large.yaml:1: spec: site/c: spec has too many bytes (263170, the limit is 262144)",
        "name.yaml:1: name: ",
        "status.yaml:1: status: site/d: status cannot be given: it is written by controllers; leave it out",
        "missing.yaml: cannot be read: No such file",
        "error: 6 mistakes to mend; nothing was done",
    ] {
        assert!(ended.err.contains(wanted), "{wanted:?} is not in:\n{}", ended.err);
    }
    assert_eq!(at.trimtab("get notes").await.code, Some(3), "there is nothing");
    folder.write("empty.yaml", "# nothing\n");
    with(&at, &folder, "apply -f @empty.yaml").await.with_code(1).logged("no entry stands there");
    at.trimtab("apply -f https://example.org/a.yaml").await.with_code(2).logged("curl -fsS");
    at.trimtab("apply").await.with_code(2).logged("--file <FILE>");
}

#[tokio::test]
async fn what_fails_does_not_stop_the_others_and_the_worst_is_the_exit_code() {
    let (folder, _daemon, at) = empty().await;
    folder.write("all.yaml", "kind: site\nname: a\nowners: [{kind: account, name: x}]\nspec: {}\n---\nkind: site\nname: b\nspec: {}\n");
    let ended = with(&at, &folder, "apply -f @all.yaml").await.with_code(1);
    assert_eq!(ended.out, "site/b created (index 1)\n");
    ended.logged("all.yaml:1: ").logged("owners name account/x, which does not exist");
}

#[tokio::test]
async fn a_kind_that_is_not_declared_is_told_with_the_nearest() {
    let folder = Folder::new("[store]\nurl = \"memory:\"\n[[kind]]\nname = \"site\"\n");
    let (_daemon, url) = serve(&folder, &[]).await;
    folder.write("a.yaml", "kind: sitee\nname: a\nspec: {}\n---\nkind: site\nname: b\nspec: {}\n");
    let ended = with(&At::new(&url), &folder, "apply -f @a.yaml").await.with_code(3);
    assert_eq!(ended.out, "site/b created (index 1)\n");
    ended.logged("a.yaml:1: there is no kind `sitee`").logged("did you mean `site`?");
}

#[tokio::test]
async fn atomic_is_all_or_nothing_and_has_a_bound() {
    let (folder, _daemon, at) = empty().await;
    folder.write("two.yaml", "kind: site\nname: a\nspec: {}\n---\nkind: site\nname: b\nspec: {}\n");
    let dry = with(&at, &folder, "apply -f @two.yaml --atomic --dry-run").await.with_code(0);
    assert_eq!(dry.out, "site/a created (dry run)\nsite/b created (dry run)\n");
    let done = with(&at, &folder, "apply -f @two.yaml --atomic").await.with_code(0);
    assert_eq!(done.out, "site/a created (index 1)\nsite/b created (index 1)\n");
    folder.write(
        "wrong.yaml",
        "kind: site\nname: c\nspec: {}\n---\nkind: site\nname: d\nowners: [{kind: x, name: x}]\nspec: {}\n",
    );
    let ended = with(&at, &folder, "apply -f @wrong.yaml --atomic").await.with_code(1);
    assert_eq!(ended.out, "");
    ended.logged("nothing was written; an owner must be there before");
    assert_eq!(at.trimtab("get site/c").await.code, Some(3));
    let many: Vec<_> = (0..61).map(|n| format!("kind: site\nname: n{n}\nspec: {{}}\n")).collect();
    folder.write("many.yaml", &many.join("---\n"));
    let ended = with(&at, &folder, "apply -f @many.yaml --atomic").await.with_code(1);
    ended.logged("61 entries are more than the 60 that one transaction may hold\n  leave --atomic out");
    with(&at, &folder, "apply -f @many.yaml").await.with_code(0);
}

#[tokio::test]
async fn a_token_that_may_only_read_and_a_daemon_that_is_not_there_are_told_once() {
    let folder = Folder::new("[store]\nurl = \"memory:\"\n[http]\ntokens = \"tokens\"\n");
    let token = folder.trimtab(&["token", "--role", "read", "--name", "r", "--append", "tokens"]).await;
    folder.write("token", &token.with_code(0).out);
    let (daemon, url) = serve(&folder, &[]).await;
    folder.write("two.yaml", "kind: site\nname: a\nspec: {}\n---\nkind: site\nname: b\nspec: {}\n");
    let at = At::new(&url).with("TRIMTAB_TOKEN_FILE", &folder.at("token").display().to_string());
    let ended = with(&at, &folder, "apply -f @two.yaml").await.with_code(1);
    assert_eq!(ended.err.matches("error: ").count(), 1, "{}", ended.err);
    ended.logged("by --token-file").logged("1 more was not tried");
    drop(daemon);
    let gone = with(&At::new("http://127.0.0.1:9"), &folder, "apply -f @two.yaml").await.with_code(5);
    assert_eq!(gone.err.matches("error: ").count(), 1, "{}", gone.err);
}

/// A server that answers as the daemon does, once, and is gone.
#[tokio::test]
async fn a_daemon_that_goes_half_way_leaves_what_was_done_and_the_rest_is_told() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let (folder, _daemon, _) = empty().await;
    folder.write("three.yaml", "kind: site\nname: a\nspec: 1\n---\nkind: site\nname: b\nspec: 1\n---\nkind: site\nname: c\nspec: 1\n");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = At::new(&format!("http://{}", listener.local_addr().unwrap()));
    let serve = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        drop(listener);
        let body = r#"{"kind":"site","name":"a","outcome":"created","position":"00ff00ff-1"}"#;
        let answer = format!(
            "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut request = Vec::new();
        while !request.ends_with(b"\"spec\":1}") {
            assert!(stream.read_buf(&mut request).await.unwrap() > 0);
        }
        stream.write_all(answer.as_bytes()).await.unwrap();
    };
    let (ended, ()) = tokio::join!(with(&at, &folder, "apply -f @three.yaml"), serve);
    let ended = ended.with_code(5);
    assert_eq!(ended.out, "site/a created (index 1)\n");
    ended.logged("three.yaml:5: ").logged("1 more was not tried; apply again");
}

#[tokio::test]
async fn what_is_applied_to_an_entry_that_is_being_deleted_is_warned_of() {
    let folder = Folder::of_sites("true", "finalizer = true\n");
    folder.site("blog");
    let (daemon, url) = serve(&folder, &[]).await;
    daemon.says("1 reconciled").await;
    let at = At::new(&url);
    at.trimtab("delete site blog").await.with_code(0);
    folder.write("blog.yaml", BLOG);
    let ended = with(&at, &folder, "apply -f @blog.yaml").await.with_code(0);
    ended.logged("warning: site/blog is being deleted and goes when its finalizers do (trimtab/sites)");
}

/// Story: `kind: sites` was written beside the `site`s, and nobody ever looked at it.
#[tokio::test]
async fn a_kind_that_nobody_else_knows_and_that_is_near_one_is_warned_of_and_written() {
    let folder = Folder::of_sites("true", "[[controller.watch]]\nkind = \"listing\"\nowner = true\n");
    let (_daemon, url) = serve(&folder, &[]).await;
    let at = At::new(&url);
    let told = |kind: &str, near: &str| {
        format!("warning: no controller and no other entry is of the kind `{kind}`; did you mean `{near}`?\n")
    };
    let entry = |kind: &str, name: &str| format!("kind: {kind}\nname: {name}\nspec: {{}}\n");
    folder.write("two.yaml", &[entry("sites", "a"), entry("lisitng", "b")].join("---\n"));
    for line in ["--dry-run", "--dry-run --atomic"] {
        let ended = with(&at, &folder, &format!("apply -f @two.yaml {line}")).await.with_code(0);
        assert_eq!(ended.err, told("lisitng", "listing") + &told("sites", "site"), "{line}");
    }
    let ended = with(&at, &folder, "apply -f @two.yaml").await.with_code(0);
    assert_eq!(ended.err, told("lisitng", "listing") + &told("sites", "site"));
    assert!(ended.out.contains("sites/a created"), "{}", ended.out);
    assert_eq!(with(&at, &folder, "apply -f @two.yaml").await.with_code(0).err, "", "nothing was created");

    folder.write("atomic.yaml", &entry("stie", "a"));
    let ended = with(&at, &folder, "apply -f @atomic.yaml --atomic").await.with_code(0);
    assert_eq!(ended.err, told("stie", "site"));
    folder.write("more.yaml", &[entry("stie", "b"), entry("site", "c"), entry("account", "d")].join("---\n"));
    for line in ["apply -f @more.yaml --dry-run", "apply -f @more.yaml"] {
        let ended = with(&at, &folder, line).await.with_code(0);
        assert_eq!(ended.err, "", "there is another entry, or none is near: {line}");
    }
}

#[tokio::test]
async fn a_list_of_the_api_is_no_entry_and_it_is_told_what_is() {
    let (folder, _daemon, at) = empty().await;
    folder.write("blog.yaml", BLOG);
    with(&at, &folder, "apply -f @blog.yaml").await.with_code(0);
    folder.write("list.json", &at.trimtab("get sites -o json").await.with_code(0).out);
    let ended = with(&at, &folder, "apply -f @list.json").await.with_code(1);
    ended
        .logged("list.json:1: items: is not a field here")
        .logged("\n  a list of the API is no entry: `trimtab get KIND -o yaml` gives what is taken\n");
    folder.write("list.yaml", &at.trimtab("get sites -o yaml").await.with_code(0).out);
    let ended = with(&at, &folder, "apply -f @list.yaml").await.with_code(0);
    assert_eq!(ended.out, "site/blog unchanged\n");
}
