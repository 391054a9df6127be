//! `trimtab enqueue`.

use super::at::{At, serve};
use super::stage::Folder;

#[tokio::test]
async fn keys_are_put_in_line_by_name_by_label_or_all_and_then_run() {
    let folder = Folder::of_sites("echo \"$TRIMTAB_NAME\" >> runs", "");
    folder.write("entries/blog.yaml", "kind: site\nname: blog\nlabels: {tier: web}\nspec: {}\n");
    folder.site("docs");
    folder.write("entries/till.yaml", "kind: site\nname: till\nnamespace: shop\nspec: {}\n");
    let (daemon, url) = serve(&folder, &[]).await;
    daemon.says("3 reconciled").await;
    let at = At::new(&url);
    let runs = || folder.read("runs").lines().count();
    for (line, keys) in [
        ("enqueue sites blog docs", 2),
        ("enqueue sites site/blog", 1),
        ("enqueue sites -l tier=web", 1),
        ("enqueue sites --all", 2),
        ("enqueue sites --all -A", 3),
        ("enqueue sites till -n shop", 1),
    ] {
        let before = runs();
        let noun = if keys == 1 { "key" } else { "keys" };
        let ended = at.trimtab(line).await.with_code(0);
        assert_eq!(ended.out, format!("sites: {keys} {noun} in line\n"), "{line}");
        daemon.until(line, || runs() == before + keys).await;
    }
    at.trimtab("enqueue stes --all").await.with_code(3).logged("did you mean `sites`?");
    at.trimtab("enqueue sites a -A").await.with_code(2).logged("leave out -A");
}
