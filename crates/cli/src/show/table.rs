//! Rows in columns.

use std::borrow::Cow;
use std::io::{Result, Write};

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::{Colour, Style, visible};

/// What stands in a row and a column. Whatever it is made of, it cannot drive the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    text: String,
    colour: Option<Colour>,
}

impl Cell {
    /// In a colour.
    pub(crate) fn coloured(text: impl AsRef<str>, colour: impl Into<Option<Colour>>) -> Self {
        Self { text: visible(text.as_ref()).into_owned(), colour: colour.into() }
    }
}

impl<T: AsRef<str>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::coloured(text, None)
    }
}

/// A table. Rows may come after it was printed: columns are then as wide as they were, or wider.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    titles: Vec<&'static str>,
    widths: Vec<usize>,
    rows: Vec<Vec<Cell>>,
    style: Style,
    /// The column that gives way when lines are wider than the terminal.
    fitted: Option<usize>,
}

/// What is left of a column that gives way, however narrow the terminal is.
const LEAST: usize = 10;

impl Table {
    /// Without rows.
    pub(crate) fn new(titles: &[&'static str], style: Style) -> Self {
        let widths = titles.iter().map(|title| title.width()).collect();
        Self { titles: titles.to_vec(), widths, rows: Vec::new(), style, fitted: None }
    }

    /// What stands under this title is cut where lines would be wider than the terminal.
    pub(crate) fn fitted(mut self, title: &str) -> Self {
        self.fitted = self.titles.iter().position(|&known| known == title);
        self
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: Vec<Cell>) {
        for (width, cell) in self.widths.iter_mut().zip(&cells) {
            *width = (*width).max(cell.text.width());
        }
        self.rows.push(cells);
    }

    /// Whether there are no rows.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Prints titles and rows, each line after this text.
    pub(crate) fn print(&mut self, out: &mut impl Write, before: &str) -> Result<()> {
        let titles: Vec<Cell> = self.titles.iter().map(Cell::from).collect();
        self.line(out, before, &titles)?;
        self.print_rows(out, before)
    }

    /// Prints the rows that were not printed yet.
    pub(crate) fn print_rows(&mut self, out: &mut impl Write, before: &str) -> Result<()> {
        for row in std::mem::take(&mut self.rows) {
            self.line(out, before, &row)?;
        }
        Ok(())
    }

    fn line(&self, out: &mut impl Write, before: &str, cells: &[Cell]) -> Result<()> {
        // Blanks at the end of a line would be copied along with it.
        let last = cells.iter().rposition(|cell| !cell.text.is_empty()).unwrap_or_default();
        let shown = if self.style.is_aligned { &cells[..cells.len().min(last + 1)] } else { cells };
        out.write_all(before.as_bytes())?;
        for (column, cell) in shown.iter().enumerate() {
            let width = self.width(column, before);
            let text = cut(&cell.text, width);
            out.write_all(self.style.paint(&text, cell.colour).as_bytes())?;
            if column + 1 == shown.len() {
                break;
            }
            if self.style.is_aligned {
                let blanks = width.saturating_sub(text.width()) + 2;
                write!(out, "{:blanks$}", "")?;
            } else {
                out.write_all(b"\t")?;
            }
        }
        out.write_all(b"\n")
    }

    /// How wide a column is, in lines that begin with this.
    fn width(&self, column: usize, before: &str) -> usize {
        let own = self.widths[column];
        let Some(most) = self.style.width.filter(|_| self.fitted == Some(column)) else { return own };
        let gaps = 2 * (self.widths.len() - 1);
        let others = before.width() + gaps + self.widths.iter().sum::<usize>() - own;
        own.min(most.saturating_sub(others).max(LEAST))
    }
}

/// The text, or as much of it as fits and a sign that there is more.
fn cut(text: &str, most: usize) -> Cow<'_, str> {
    if text.width() <= most {
        return Cow::Borrowed(text);
    }
    let mut left = most.saturating_sub(1);
    let fits = |one: &char| {
        let width = one.width().unwrap_or(0);
        let does = width <= left;
        left = left.saturating_sub(width);
        does
    };
    Cow::Owned(text.chars().take_while(fits).chain(['…']).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(style: Style) -> String {
        let mut table = Table::new(&["NAME", "READY", "MESSAGE"], style);
        table.row(vec!["blog".into(), Cell::coloured("True", Colour::Good), "written".into()]);
        table.row(vec!["日本".into(), "-".into(), "".into()]);
        table.row(vec!["evil\x1b[2J".into(), Cell::coloured("!", Colour::Bad), "a\nb".into()]);
        let mut out = Vec::new();
        table.print(&mut out, "").unwrap();
        table.row(vec!["docs".into(), "True".into(), "later".into()]);
        table.print_rows(&mut out, "").unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns_are_aligned_for_eyes_and_cannot_drive_the_terminal() {
        let wanted = "\
NAME           READY  MESSAGE
blog           True   written
日本           -
evil\\u{1b}[2J  !      a\\nb
docs           True   later
";
        assert_eq!(printed(Style::default().aligned()), wanted);
    }

    #[test]
    fn for_programs_a_tab_stands_between_columns_and_no_column_is_left_out() {
        let text = printed(Style::default());
        assert!(text.starts_with("NAME\tREADY\tMESSAGE\nblog\tTrue\twritten\n日本\t-\t\n"), "{text}");
    }

    #[test]
    fn a_column_of_free_text_is_cut_where_the_terminal_ends() {
        let printed = |width: Option<usize>| {
            let style = Style { width, ..Style::default().aligned() };
            let mut table = Table::new(&["NAME", "MESSAGE", "AGE"], style).fitted("MESSAGE");
            table.row(vec!["blog".into(), "no space left on device".into(), "3s".into()]);
            table.row(vec!["docs".into(), "日本日本日本日本日本".into(), "3s".into()]);
            let mut out = Vec::new();
            table.print(&mut out, "").unwrap();
            String::from_utf8(out).unwrap()
        };
        let wanted = "\
NAME  MESSAGE       AGE
blog  no space le…  3s
docs  日本日本日…   3s
";
        assert_eq!(printed(Some(23)), wanted);
        assert_eq!(printed(Some(5)).lines().nth(1), Some("blog  no space …  3s"), "a little is always left");
        for width in [None, Some(80)] {
            assert!(printed(width).contains("  no space left on device  3s\n"), "{width:?}");
        }
    }

    #[test]
    fn colours_do_not_count_as_width() {
        let style = Style { is_coloured: true, ..Style::default().aligned() };
        let text = printed(style);
        assert!(text.contains("blog           \x1b[32mTrue\x1b[0m   written\n"), "{text:?}");
    }
}
