//! Licences, duplicate versions and the number of dependencies, from `cargo metadata` alone: no network, no further tool.
//!
//! Whoever has cargo-deny finds the same rules in `deny.toml`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::Outcome;
use crate::process::{cargo, output, root};

/// Licences that a user of MIT OR Apache-2.0 software expects. An expression must offer one way through these alone.
const LICENCES: [&str; 10] = [
    "MIT",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "Unicode-3.0",
    "CC0-1.0",
    "MIT-0",
    "Unlicense",
];

/// The most packages that may stand under the facade with its defaults, and under the binary.
const MOST: [(&str, usize); 2] = [("trimtab", 60), ("trimtab-cli", 215)];

pub(crate) fn run() -> Outcome {
    let host = host()?;
    let arguments = ["metadata", "--format-version", "1", "--all-features", "--filter-platform", &host];
    let text = output(&mut cargo(&arguments))?;
    let metadata: Value = serde_json::from_str(&text).map_err(|error| format!("cargo metadata: {error}"))?;
    let graph = Graph::of(&metadata);
    let documented = std::fs::read_to_string(root().join("docs/dependencies.md")).unwrap_or_default();

    let mut wrong = Vec::new();
    let mut all = BTreeSet::new();
    for (package, most) in MOST {
        let outside = with_defaults(package)?;
        println!("{package}: {outside} dependencies with its default features (at most {most})");
        if outside > most {
            wrong.push(format!("{package} stands on {outside} packages; at most {most} are allowed"));
        }
        all.extend(graph.below(package));
    }
    for id in &all {
        let package = &graph.packages[id];
        if !package.licence.as_deref().is_some_and(allowed) {
            wrong.push(format!(
                "{} has the licence {:?}; allowed are {}",
                package.name,
                package.licence,
                LICENCES.join(", ")
            ));
        }
    }
    for (name, versions) in duplicates(all.iter().map(|id| &graph.packages[id])) {
        if !documented.contains(&format!("two versions of `{name}`")) {
            wrong.push(format!(
                "{name} stands in {} versions ({}); docs/dependencies.md must give the reason",
                versions.len(),
                versions.join(", ")
            ));
        }
    }
    for name in graph.direct() {
        if !documented.contains(&format!("`{name}`")) {
            wrong.push(format!("docs/dependencies.md has no line of reason for `{name}`"));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

/// How many packages of others a package stands on when nobody asks for more than its defaults: who asks for the client of a server gets what
/// that needs, who does not must not. `cargo metadata` cannot tell, for it knows no features but those of all members together.
fn with_defaults(package: &str) -> Result<usize, String> {
    let arguments =
        ["tree", "--package", package, "--edges", "normal,build", "--prefix", "none", "--format", "{p}"];
    let text = output(&mut cargo(&arguments))?;
    Ok(outside(&text))
}

/// Our own packages are listed with the path where they lie.
fn outside(tree: &str) -> usize {
    let names = tree.lines().map(|line| line.trim_end_matches(" (*)").trim());
    names.filter(|name| !name.is_empty() && !name.contains("(/")).collect::<BTreeSet<_>>().len()
}

fn host() -> Result<String, String> {
    let text = output(std::process::Command::new("rustc").arg("-vV"))?;
    text.lines()
        .find_map(|line| line.strip_prefix("host: "))
        .map(str::to_owned)
        .ok_or_else(|| "rustc -vV names no host".into())
}

struct Package {
    name: String,
    version: String,
    licence: Option<String>,
    ours: bool,
}

struct Graph {
    packages: BTreeMap<String, Package>,
    /// What each package needs to run or to build, without what only its tests need.
    edges: BTreeMap<String, Vec<String>>,
}

impl Graph {
    fn of(metadata: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let package = |package: &Value| Package {
            name: text(&package["name"]),
            version: text(&package["version"]),
            licence: package["license"].as_str().map(str::to_owned),
            ours: package["source"].is_null(),
        };
        let packages =
            list(&metadata["packages"]).iter().map(|value| (text(&value["id"]), package(value))).collect();
        let needed =
            |dependency: &&Value| list(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"] != "dev");
        let edges = list(&metadata["resolve"]["nodes"])
            .iter()
            .map(|node| {
                let needs = list(&node["deps"])
                    .iter()
                    .filter(needed)
                    .map(|dependency| text(&dependency["pkg"]))
                    .collect();
                (text(&node["id"]), needs)
            })
            .collect();
        Self { packages, edges }
    }

    fn is_ours(&self, id: &str) -> bool {
        self.packages[id].ours
    }

    /// A package of the workspace and everything it needs.
    fn below(&self, name: &str) -> BTreeSet<String> {
        let roots = self.packages.iter().filter(|(_, package)| package.ours && package.name == name);
        let mut open: Vec<&String> = roots.map(|(id, _)| id).collect();
        let mut seen = BTreeSet::new();
        while let Some(id) = open.pop() {
            if seen.insert(id.clone()) {
                open.extend(&self.edges[id]);
            }
        }
        seen
    }

    /// What the packages of the workspace name themselves.
    fn direct(&self) -> BTreeSet<&str> {
        let ours = self.edges.iter().filter(|(id, _)| self.is_ours(id));
        let needed = ours.flat_map(|(_, needs)| needs).filter(|id| !self.is_ours(id));
        needed.map(|id| self.packages[id].name.as_str()).collect()
    }
}

/// Whether an SPDX expression can be met with the allowed licences alone. Reads OR, AND, WITH and brackets flatly: one alternative of the
/// outermost ORs must consist of allowed names.
fn allowed(expression: &str) -> bool {
    let plain = expression.replace(['(', ')'], " ").replace('/', " OR ");
    plain.split(" OR ").any(|way| {
        way.split(" AND ").all(|name| {
            let name = name.split(" WITH ").next().unwrap_or_default().trim();
            LICENCES.contains(&name)
        })
    })
}

fn duplicates<'a>(packages: impl Iterator<Item = &'a Package>) -> BTreeMap<&'a str, Vec<&'a str>> {
    let mut versions: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for package in packages {
        versions.entry(package.name.as_str()).or_default().push(package.version.as_str());
    }
    versions.retain(|_, versions| versions.len() > 1);
    versions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_is_allowed_when_one_way_through_it_is() {
        assert!(allowed("MIT OR Apache-2.0"));
        assert!(allowed("MIT/Apache-2.0"));
        assert!(allowed("GPL-3.0-only OR MIT"));
        assert!(allowed("(MIT OR Apache-2.0) AND Unicode-3.0"));
        assert!(!allowed("GPL-3.0-only"));
        assert!(!allowed("MIT AND GPL-3.0-only"));
    }

    #[test]
    fn packages_of_others_are_counted_once() {
        let tree = "trimtab v0.1.0 (/home/trimtab)\nbytes v1.12.2\nserde v1.0.0\nbytes v1.12.2 (*)\n\n";
        assert_eq!(outside(tree), 2);
    }

    #[test]
    fn two_versions_of_one_package_are_a_duplicate() {
        let package = |name: &str, version: &str| Package {
            name: name.into(),
            version: version.into(),
            licence: None,
            ours: false,
        };
        let packages = [package("a", "1.0.0"), package("b", "1.0.0"), package("a", "2.0.0")];
        assert_eq!(duplicates(packages.iter()), BTreeMap::from([("a", vec!["1.0.0", "2.0.0"])]));
    }
}
