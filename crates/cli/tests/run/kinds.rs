//! Kinds with a schema: whoever writes.

use super::stage::{Folder, SITES};

fn folder(script: &str) -> Folder {
    let folder = Folder::new(&format!(
        "[store]\nurl = \"memory:\"\n[[kind]]\nname = \"site\"\nschema = \"site.json\"\n{SITES}"
    ));
    folder.write(
        "site.json",
        r#"{"type": "object", "properties": {"port": {"type": "integer"}}, "required": ["port"]}"#,
    );
    folder.script("script", script);
    folder.write("entries/blog.yaml", "kind: site\nname: blog\nspec: {port: 80}\n");
    folder
}

#[tokio::test]
async fn a_file_whose_spec_does_not_match_is_told_with_its_line_by_check_and_by_run() {
    let folder = folder("exit 0");
    folder.write("entries/docs.yaml", "kind: site\nname: docs\nspec: {port: http}\n");
    let wanted = "entries/docs.yaml:1: spec: site/docs: spec does not match site.json: `/port`: what stands there is not of type \"integer\"";
    folder.trimtab(&["check"]).await.with_code(1).logged(wanted);
    folder.settle(&[]).await.with_code(1).logged(wanted).logged("site/blog: created");
}

#[tokio::test]
async fn what_a_script_applies_must_match_too() {
    let folder = folder(
        "[ $TRIMTAB_NAME != blog ] || echo '{\"apply\": [{\"kind\": \"site\", \"name\": \"made\", \"spec\": {}}]}'",
    );
    let ended = folder.settle(&[]).await.with_code(1);
    ended.logged("site/made: spec does not match site.json: the whole: \"port\" is a required property");
}

#[tokio::test]
async fn a_schema_that_is_none_stops_the_start() {
    let folder = folder("exit 0");
    folder.write("site.json", r#"{"type": "whatever"}"#);
    let ended = folder.settle(&[]).await.with_code(1).logged("; nothing was started");
    ended.logged("trimtab.toml:5: kind[0].schema: site.json is not a JSON Schema that can be used: ");
}
