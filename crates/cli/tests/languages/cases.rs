//! What every reconciler of sites must do.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;

use rustix::process::Signal;
use serde_json::Value;

use crate::language::Scene;
use crate::stage::{Daemon, Folder};

const BLOG: &str = "\
# Written by trimtab for site/blog; changes made here will be lost.
server {
    listen 443 ssl;
    server_name blog.example.org;
    root /srv/blog;
    ssl_certificate /etc/ssl/certs/example.org.pem;
    ssl_certificate_key /etc/ssl/private/example.org.key;
    # serial 04:d1
}
";
const CONFIGURATIONS: [&str; 3] = ["out/blog.conf", "out/docs.conf", "out/shop.conf"];
const AT_REST: &str = "sites  ready  3 entries  3 reconciled  0 failing";

/// Which file stands under each name: one that is written anew is another.
fn inodes(folder: &Folder) -> BTreeMap<&'static str, u64> {
    let inode = |file| fs::metadata(folder.at(file)).map_or(0, |found| found.ino());
    CONFIGURATIONS.into_iter().map(|file| (file, inode(file))).collect()
}

/// A daemon that has come to rest.
async fn running(folder: &Folder) -> Daemon {
    let daemon = folder.start(&[]);
    daemon.says(AT_REST).await;
    assert!(CONFIGURATIONS.iter().all(|file| folder.has(file)), "{}", daemon.log());
    daemon
}

async fn stop(daemon: Daemon) {
    daemon.signal(Signal::TERM);
    daemon.ended().await.with_code(0);
}

fn edit(folder: &Folder, file: &str, from: &str, to: &str) {
    let text = folder.read(file);
    assert!(text.contains(from), "{from:?} is not in {file}");
    folder.write(file, &text.replace(from, to));
}

/// Status and reason of the condition `Ready`.
fn ready(status: &Value) -> (&str, &str) {
    let conditions = status["conditions"].as_array().expect("there are conditions");
    let ready =
        conditions.iter().find(|condition| condition["type"] == "Ready").expect("one of them is Ready");
    (ready["status"].as_str().unwrap(), ready["reason"].as_str().unwrap())
}

pub(crate) async fn sites_become_configurations_and_a_second_run_changes_nothing(scene: &Scene) {
    let folder = &scene.folder;
    let first = folder.settle(&[]).await.with_code(0);
    assert_eq!(folder.read("out/blog.conf"), BLOG, "{}", first.err);
    let docs = folder.read("out/docs.conf");
    assert!(docs.contains("    server_name docs.example.org manual.example.org;\n"), "{docs}");
    assert!(
        folder.read("out/shop.conf").contains("    ssl_certificate /etc/ssl/certs/shop.example.com.pem;\n")
    );
    assert_eq!(ready(&scene.status("blog").await), ("True", "Written"));

    let before = inodes(folder);
    let second = folder.settle(&[]).await.with_code(0);
    assert_eq!(inodes(folder), before);
    let index = |out: &str| out.lines().last().map(str::to_owned);
    assert_eq!(index(&first.out), index(&second.out), "nothing was committed");
}

pub(crate) async fn a_changed_site_is_written_anew(scene: &Scene) {
    let folder = &scene.folder;
    let daemon = running(folder).await;
    edit(folder, "entries/site-blog.yaml", "port: 443", "port: 8443");
    let changed = BLOG.replace("listen 443", "listen 8443");
    daemon.until("the new port", || folder.read("out/blog.conf") == changed).await;
    stop(daemon).await;
}

pub(crate) async fn a_changed_certificate_rewrites_the_sites_that_name_it(scene: &Scene) {
    let folder = &scene.folder;
    let daemon = running(folder).await;
    let before = inodes(folder);
    edit(folder, "entries/certificate-example.yaml", "04:d1", "04:d2");
    let renewed = |file| folder.read(file).contains("# serial 04:d2");
    daemon.until("both are renewed", || renewed("out/blog.conf") && renewed("out/docs.conf")).await;
    stop(daemon).await;
    assert_eq!(inodes(folder)["out/shop.conf"], before["out/shop.conf"]);
}

pub(crate) async fn a_certificate_that_comes_later_is_no_failure(scene: &Scene) {
    let folder = &scene.folder;
    let certificate = folder.read("entries/certificate-shop.yaml");
    folder.remove("entries/certificate-shop.yaml");
    folder.settle(&[]).await.with_code(0);
    assert!(!folder.has("out/shop.conf") && folder.has("out/blog.conf"));
    assert_eq!(ready(&scene.status("shop").await), ("False", "CertificateMissing"));

    let daemon = folder.start(&[]);
    daemon.says(AT_REST).await;
    folder.write("entries/certificate-shop.yaml", &certificate);
    daemon.until("the configuration", || folder.has("out/shop.conf")).await;
    stop(daemon).await;
    assert_eq!(ready(&scene.status("shop").await), ("True", "Written"));
}

pub(crate) async fn an_invalid_site_is_refused_once_and_mended_when_it_changes(scene: &Scene) {
    let folder = &scene.folder;
    edit(folder, "entries/site-shop.yaml", "port: 443", "port: many");
    edit(folder, "entries/site-docs.yaml", "/srv/docs", "\"/srv/docs; include /etc/shadow\"");
    let ended = folder.settle(&[]).await.with_code(1);
    let told = |what: &str| ended.err.lines().any(|line| line.contains("gave up") && line.contains(what));
    assert!(told("spec.port must be a number"), "{}", ended.err);
    assert!(told("spec.root must be of letters, digits, dots, dashes and slashes"), "{}", ended.err);
    assert_eq!(ready(&scene.status("shop").await), ("False", "BadPort"));
    assert!(!folder.has("out/shop.conf") && !folder.has("out/docs.conf"));
    assert_eq!(folder.read("out/blog.conf"), BLOG, "the others go on");

    edit(folder, "entries/site-shop.yaml", "port: many", "port: 443");
    edit(folder, "entries/site-docs.yaml", "; include /etc/shadow", "");
    folder.settle(&[]).await.with_code(0);
    assert!(folder.has("out/shop.conf") && folder.has("out/docs.conf"));
    assert_eq!(ready(&scene.status("shop").await), ("True", "Written"));
}

pub(crate) async fn a_failure_is_tried_again_until_it_is_mended(scene: &Scene) {
    let folder = &scene.folder;
    // A file where the folder should be: whoever runs the tests, root too, cannot write into it.
    folder.write("out", "in the way");
    let daemon = folder.start(&[]);
    daemon.says("0 reconciled  3 failing").await;
    folder.remove("out");
    daemon.says(AT_REST).await;
    assert_eq!(folder.read("out/blog.conf"), BLOG);
    stop(daemon).await;
}

pub(crate) async fn a_deleted_site_goes_when_its_configuration_is_gone(scene: &Scene) {
    let folder = &scene.folder;
    let daemon = running(folder).await;
    folder.remove("entries/site-docs.yaml");
    daemon.says("sites  ready  2 entries  2 reconciled  0 failing").await;
    assert!(!folder.has("out/docs.conf") && folder.has("out/blog.conf"));
    stop(daemon).await;
}

pub(crate) async fn what_changed_while_the_daemon_was_killed_is_made_so_by_the_next(scene: &Scene) {
    let folder = &scene.folder;
    let daemon = running(folder).await;
    daemon.signal(Signal::KILL);
    daemon.ended().await;
    edit(folder, "entries/site-blog.yaml", "/srv/blog", "/srv/weblog");
    folder.remove("entries/site-docs.yaml");
    folder.remove("out/shop.conf");
    folder.settle(&[]).await.with_code(0);
    assert_eq!(folder.read("out/blog.conf"), BLOG.replace("/srv/blog", "/srv/weblog"));
    assert!(!folder.has("out/docs.conf") && folder.has("out/shop.conf"));
}
