//! A daemon on a store that others use too.

use serde_json::Value;

use super::stage::{Daemon, Folder};

/// A folder with one controller of sites, whose script says in the status which replica ran it.
pub(crate) struct Replica {
    pub(crate) folder: Folder,
}

/// How long a dead replica is waited for here.
pub(crate) const LEASE: &str = "2s";

impl Replica {
    /// `store` is the text of the table `[store]`; `more` is added to the controller's.
    pub(crate) fn new(name: &str, store: &str, more: &str) -> Self {
        let folder = Folder::new(&format!(
            "{store}\n[cluster]\nname = \"{name}\"\nlease = \"{LEASE}\"\n[[controller]]\nname = \"sites\"\nkind = \"site\"\nexec = [\"./script\"]\nenv = {{ BY = \"{name}\" }}\n{more}"
        ));
        folder.script("script", r#"cat > /dev/null; printf '{"status":{"by":"%s"}}' "$BY""#);
        Self { folder }
    }

    /// `trimtab run`, and where its API is.
    pub(crate) async fn start(&self) -> (Daemon, String) {
        let daemon = self.folder.start(&[]);
        let url = daemon.url().await;
        (daemon, url)
    }

    /// A client's command, to its end, which must be good; what it printed.
    pub(crate) async fn ask(&self, url: &str, arguments: &[&str]) -> String {
        let (verb, rest) = arguments.split_first().unwrap();
        self.folder.trimtab(&[&[*verb, "--server", url], rest].concat()).await.with_code(0).out
    }

    /// Declares a site through the API of a replica.
    pub(crate) async fn apply(&self, url: &str, name: &str) {
        self.folder.write("site.yaml", &format!("kind: site\nname: {name}\nspec: {{}}\n"));
        self.ask(url, &["apply", "-f", "site.yaml"]).await;
    }

    /// Waits until a site has been reconciled; by whom.
    pub(crate) async fn by(&self, daemon: &Daemon, url: &str, name: &str) -> String {
        loop {
            let text = self.ask(url, &["get", "site", name, "-o", "json"]).await;
            let site: Value = serde_json::from_str(&text).unwrap();
            if let Some(by) = site["status"]["by"].as_str() {
                return by.to_owned();
            }
            daemon.rest().await;
        }
    }
}
