//! `docs/metrics.md` says what the tables of metrics say. `cargo xtask metrics` writes it anew.

use std::fmt::Write as _;
use std::path::Path;

use trimtab_runtime::Family;

const HEAD: &str = "\
# Metrics

<!-- Made from the tables in the code by `cargo xtask metrics`. -->

`GET /metrics` tells these in the text format of Prometheus. Names, labels and units are stable. No label has a key's name in it: the number of series grows with controllers, sources and
routes, never with entries. Dashboard and alert rules are in `contrib/`.
";

fn table(page: &mut String, title: &str, families: &[Family]) {
    let _ = write!(
        page,
        "\n## {title}\n\n| name | kind | unit | labels | what it tells | what to do |\n|---|---|---|---|---|---|\n"
    );
    for Family { name, kind, unit, labels, help, advice } in families {
        let labels: Vec<_> = labels.iter().map(|label| format!("`{label}`")).collect();
        let _ = writeln!(page, "| `{name}` | {kind} | {unit} | {} | {help} | {advice} |", labels.join(", "));
    }
}

#[test]
fn the_page_of_metrics_says_what_the_tables_say() {
    let mut page = HEAD.to_owned();
    table(&mut page, "Controllers", trimtab_runtime::metric_families());
    table(&mut page, "HTTP and store", trimtab_http::metric_families());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/metrics.md");
    if std::env::var_os("TRIMTAB_WRITE_METRICS").is_some() {
        std::fs::write(&path, &page).expect("writable");
    }
    let written = std::fs::read_to_string(&path).expect("docs/metrics.md is there");
    assert_eq!(written, page, "docs/metrics.md is out of date: run `cargo xtask metrics`");
}

/// What a page has as a cell, a help text of Prometheus may have too; not the other way round.
#[test]
fn no_family_breaks_the_table_or_stands_in_both() {
    let (controllers, http) = (trimtab_runtime::metric_families(), trimtab_http::metric_families());
    for family in controllers.iter().chain(http) {
        for cell in [family.help, family.advice, family.unit] {
            assert!(!cell.is_empty() && !cell.contains(['|', '\n', '\\']), "{}: {cell}", family.name);
        }
    }
    assert!(controllers.iter().all(|family| http.iter().all(|other| other.name != family.name)));
}
