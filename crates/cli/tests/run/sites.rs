//! The example of the repository, end to end.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;

use rustix::process::Signal;

use super::stage::{Daemon, Folder};

const CONFIGURATIONS: [&str; 3] = ["out/blog.conf", "out/docs.conf", "out/shop.conf"];

/// Which file stands under each name: one that is written anew is another.
fn inodes(folder: &Folder) -> BTreeMap<&'static str, u64> {
    let inode = |file| fs::metadata(folder.at(file)).map_or(0, |found| found.ino());
    CONFIGURATIONS.into_iter().map(|file| (file, inode(file))).collect()
}

async fn running() -> (Folder, Daemon) {
    let folder = Folder::of_example("sites");
    let daemon = folder.start(&[]);
    daemon.says("sites  ready  3 entries  3 reconciled  0 failing").await;
    daemon.until("three configurations", || CONFIGURATIONS.iter().all(|file| folder.has(file))).await;
    (folder, daemon)
}

/// guarantee R-d
#[tokio::test]
async fn three_sites_and_two_certificates_become_three_configurations_and_a_second_run_changes_nothing() {
    let folder = Folder::of_example("sites");
    let first = folder.settle(&[]).await.with_code(0);
    assert!(first.out.starts_with("trimtab 0.1.0  store embedded ./data  index 0\n"), "{}", first.out);
    let blog = folder.read("out/blog.conf");
    assert!(blog.contains("server_name blog.example.org;") && blog.contains("# serial 04:d1"), "{blog}");
    let docs = folder.read("out/docs.conf");
    assert!(docs.contains("server_name docs.example.org manual.example.org;"), "{docs}");
    assert!(folder.read("out/shop.conf").contains("ssl_certificate /etc/ssl/certs/shop.example.com.pem;"));

    let before = inodes(&folder);
    let second = folder.settle(&[]).await.with_code(0);
    assert_eq!(inodes(&folder), before);
    let index = |out: &str| out.lines().last().map(str::to_owned);
    assert_eq!(index(&first.out), index(&second.out), "nothing was committed");
}

#[tokio::test]
async fn a_changed_certificate_rewrites_the_sites_that_name_it_and_no_other() {
    let (folder, daemon) = running().await;
    let before = inodes(&folder);
    let certificate = folder.read("entries/certificate-example.yaml").replace("04:d1", "04:d2");
    folder.write("entries/certificate-example.yaml", &certificate);
    let renewed = |file| folder.read(file).contains("# serial 04:d2");
    daemon.until("both are renewed", || renewed("out/blog.conf") && renewed("out/docs.conf")).await;
    daemon.signal(Signal::TERM);
    daemon.ended().await.with_code(0);
    let after = inodes(&folder);
    let changed: Vec<_> = CONFIGURATIONS.into_iter().filter(|file| before[file] != after[file]).collect();
    assert_eq!(changed, ["out/blog.conf", "out/docs.conf"]);
}

#[tokio::test]
async fn a_site_that_no_longer_names_a_certificate_is_left_alone_when_that_changes() {
    let (folder, daemon) = running().await;
    let docs = folder.read("entries/site-docs.yaml").replace("name: example", "name: shop");
    folder.write("entries/site-docs.yaml", &docs);
    daemon.until("it names another", || folder.read("out/docs.conf").contains("# serial 2a:07")).await;
    let before = inodes(&folder);
    let certificate = folder.read("entries/certificate-shop.yaml").replace("2a:07", "2a:08");
    folder.write("entries/certificate-shop.yaml", &certificate);
    let renewed = |file| folder.read(file).contains("# serial 2a:08");
    daemon.until("both are renewed", || renewed("out/shop.conf") && renewed("out/docs.conf")).await;
    assert_eq!(inodes(&folder)["out/blog.conf"], before["out/blog.conf"]);
}

/// behaviour E7; guarantee R-g
#[tokio::test]
async fn a_removed_site_goes_when_its_configuration_has_been_taken_away() {
    let (folder, daemon) = running().await;
    folder.remove("entries/site-docs.yaml");
    daemon.logs("site/docs: being deleted: it is no longer declared in entries/site-docs.yaml; held by trimtab/sites").await;
    daemon.says("sites  ready  2 entries  2 reconciled  0 failing").await;
    assert!(!folder.has("out/docs.conf") && folder.has("out/blog.conf"));
}

#[tokio::test]
async fn a_value_that_must_not_be_in_a_configuration_is_refused_and_named() {
    let folder = Folder::of_example("sites");
    let shop = folder
        .read("entries/site-shop.yaml")
        .replace("root: /srv/shop", "root: \"/srv/shop; include /etc/shadow\"");
    folder.write("entries/site-shop.yaml", &shop);
    let ended = folder.settle(&[]).await.with_code(1);
    ended.logged("  site/shop: controller sites gave up: refused the entry (exit code 65): spec.root must be of letters,");
    assert!(folder.has("out/blog.conf") && !folder.has("out/shop.conf"));
}

#[tokio::test]
async fn a_certificate_that_comes_later_is_no_failure() {
    let folder = Folder::of_example("sites");
    let certificate = folder.read("entries/certificate-shop.yaml");
    folder.remove("entries/certificate-shop.yaml");
    folder.settle(&[]).await.with_code(0);
    assert!(!folder.has("out/shop.conf"));
    folder.write("entries/certificate-shop.yaml", &certificate);
    folder.settle(&[]).await.with_code(0);
    assert!(folder.has("out/shop.conf"));
}
