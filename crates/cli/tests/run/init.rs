//! `trimtab init`: a folder that works.

use super::stage::Folder;

#[tokio::test]
async fn the_folder_that_is_made_has_no_mistakes_and_settles_and_follows_what_is_changed() {
    let folder = Folder::empty();
    let ended = folder.trimtab(&["init", "notes"]).await.with_code(0);
    assert!(ended.out.contains("trimtab run notes --until-settled"), "{}", ended.out);
    assert!(
        ended.out.contains("trimtab get notes") && ended.out.contains("trimtab edit note hello"),
        "{}",
        ended.out
    );
    let checked = folder.trimtab(&["check", "notes"]).await.with_code(0);
    assert_eq!((checked.out.as_str(), checked.err.as_str()), ("ok: 1 controller, 1 entry\n", ""));
    folder.trimtab(&["run", "notes", "--until-settled"]).await.with_code(0);
    assert_eq!(folder.read("notes/out/hello.txt"), "change me, and look at out/hello.txt\n");
    folder.remove("notes/entries/hello.yaml");
    folder.write("notes/entries/bye.yaml", "kind: note\nname: bye\nspec: {text: \"it is so\"}\n");
    folder.trimtab(&["run", "notes", "--until-settled"]).await.with_code(0);
    assert_eq!(folder.read("notes/out/bye.txt"), "it is so\n");
    assert!(!folder.has("notes/out/hello.txt"), "cleaned up after");
}

#[tokio::test]
async fn what_is_there_is_not_written_over() {
    let folder = Folder::new("# mine\n");
    let ended = folder.trimtab(&["init"]).await.with_code(1);
    ended.logged(
        "trimtab.toml is there already, and nothing was written; name another folder: `trimtab init DIR`",
    );
    assert_eq!(folder.read("trimtab.toml"), "# mine\n");
    assert!(!folder.has("entries") && !folder.has("write-note"));
}
