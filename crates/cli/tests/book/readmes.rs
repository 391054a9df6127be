//! What the two READMEs show is run too, where it is a whole.

use crate::documents::schema;
use crate::page::{Block, Page};
use crate::stage::Folder;

fn first(blocks: &[Block], language: &str, beginning: &str) -> Block {
    let is_it = |block: &&Block| block.language == language && block.text().starts_with(beginning);
    blocks
        .iter()
        .find(is_it)
        .unwrap_or_else(|| panic!("a block of {language} that begins with {beginning:?}"))
        .clone()
}

/// The folder that the README builds in four blocks writes what it says.
#[tokio::test]
async fn the_folder_of_the_readme_settles() {
    let blocks = Page::read("README.md").blocks();
    let folder = Folder::new(&first(&blocks, "toml", "[[controller]]").text());
    folder.write("entries/blog.yaml", &first(&blocks, "yaml", "# entries/blog.yaml\n").text());
    let script = first(&blocks, "sh", "#!/bin/sh -e\n# write-site:").text();
    let (_, commands) = script.split_once('\n').expect("more than a line");
    folder.script("write-site", &format!("set -e\n{commands}"));
    folder.write("entries/example.yaml", "kind: certificate\nname: example\nspec: {}\n");
    folder.settle(&[]).await.with_code(0);
    assert_eq!(folder.read("out/blog.conf"), "listen 443;\n");
    folder.write("entries/blog.yaml", "kind: site\nname: blog\nspec: {}\n");
    folder.settle(&[]).await.with_code(1).logged("spec.port must be a number");
}

#[tokio::test]
async fn the_entry_and_the_document_of_the_reference_are_right() {
    let blocks = Page::read("crates/cli/README.md").blocks();
    let folder = Folder::new("");
    folder.write("entries/blog.yaml", &first(&blocks, "yaml", "kind: site").text());
    folder.trimtab(&["check"]).await.with_code(0);
    let document = first(&blocks, "json", "{\"protocol\":1").text();
    let document = serde_json::from_str(&document).unwrap();
    let errors: Vec<_> = schema("input").iter_errors(&document).map(|error| error.to_string()).collect();
    assert_eq!(errors, [""; 0]);
}
