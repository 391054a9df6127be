//! The table of the page, read and written.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::RangeInclusive;

/// The numbers of the contract's tests.
pub(crate) const TESTS: RangeInclusive<u8> = 1..=51;

const BEGIN: &str = "<!-- made by `cargo xtask conformance`; do not edit by hand -->\n";
const END: &str = "<!-- end -->";

/// By which the columns are known, in their order.
const BACKENDS: [&str; 4] = ["memory", "embedded", "etcd", "Consul"];

/// A row: what the test shows, and a cell for each backend.
type Row = [String; 1 + BACKENDS.len()];

#[derive(Debug)]
pub(crate) struct Page {
    before: String,
    headings: [String; BACKENDS.len()],
    rows: BTreeMap<u8, Row>,
    after: String,
}

impl Page {
    /// # Errors
    /// What is wrong with the page.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let (before, rest) = text.split_once(BEGIN).ok_or("it has no line where the table begins")?;
        let (table, after) = rest.split_once(END).ok_or("it has no line where the table ends")?;
        let mut headings = BACKENDS.map(str::to_owned);
        let mut rows = BTreeMap::new();
        for line in table.lines() {
            let cells: Vec<_> =
                line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
            let Ok([first, row @ ..]) = <[String; 2 + BACKENDS.len()]>::try_from(cells) else { continue };
            if first == "#" {
                let [_, found @ ..] = row;
                headings = found;
            } else if let Ok(test) = first.parse() {
                rows.insert(test, row);
            }
        }
        Ok(Self { before: before.into(), headings, rows, after: after.into() })
    }

    /// Puts a backend's column in the place of what was there.
    pub(crate) fn set(&mut self, heading: &str, titles: &BTreeMap<u8, String>, cells: &BTreeMap<u8, String>) {
        let number = BACKENDS.iter().position(|backend| heading.starts_with(backend));
        let number = number.unwrap_or_else(|| panic!("`{heading}` begins with none of {BACKENDS:?}"));
        heading.clone_into(&mut self.headings[number]);
        self.rows.retain(|test, _| TESTS.contains(test));
        for (test, cell) in cells {
            let row = self.rows.entry(*test).or_default();
            row[0] = titles.get(test).cloned().unwrap_or_default();
            cell.clone_into(&mut row[1 + number]);
        }
    }

    pub(crate) fn written(&self) -> String {
        let mut table =
            format!("\n| # | what it shows | {} |\n|---|---|---|---|---|---|\n", self.headings.join(" | "));
        for (test, row) in &self.rows {
            let _ = writeln!(table, "| {test} | {} |", row.join(" | "));
        }
        let Self { before, after, .. } = self;
        format!("{before}{BEGIN}{table}\n{END}{after}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(cell: &str) -> BTreeMap<u8, String> {
        TESTS.map(|test| (test, cell.to_owned())).collect()
    }

    #[test]
    fn a_column_is_replaced_and_the_others_stay() {
        let empty = format!("before\n{BEGIN}{END}\nafter\n");
        let mut page = Page::read(&empty).expect("a page");
        page.set("etcd 3", &column("shown"), &column("suite"));
        page.set("memory", &column("shown"), &column("*none*"));
        let mut again = Page::read(&page.written()).expect("a page");
        assert_eq!(again.written(), page.written());
        assert!(again.written().contains("| 51 | shown | *none* |  | suite |  |\n"));
        again.set("etcd 4", &column("shown"), &column("none"));
        let text = again.written();
        assert!(text.starts_with("before\n") && text.ends_with("after\n"), "{text}");
        assert!(text.contains("| # | what it shows | memory | embedded | etcd 4 | Consul |"), "{text}");
        assert!(text.contains("| 1 | shown | *none* |  | none |  |\n"), "{text}");
    }

    #[test]
    fn a_page_without_a_place_for_the_table_is_refused() {
        assert!(Page::read("nothing").is_err());
        assert!(Page::read(BEGIN).is_err());
    }
}
