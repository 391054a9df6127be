//! Who reads what is printed: eyes, or a program.

use std::io::{IsTerminal, stdout};

/// How standard output is to look.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Style {
    /// Columns are filled up with blanks; else a tab stands between them.
    pub(crate) is_aligned: bool,
    /// Whoever reads it may be driven by what is printed.
    pub(crate) is_terminal: bool,
    /// Words have colours.
    pub(crate) is_coloured: bool,
    /// The columns of the terminal, when it is one.
    pub(crate) width: Option<usize>,
}

/// What a colour says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Colour {
    /// It is well.
    Good,
    /// It is not.
    Bad,
    /// It may become so.
    Pending,
}

impl Style {
    /// For standard output as it is: aligned and coloured on a terminal.
    pub(crate) fn of_process() -> Self {
        let is_terminal = stdout().is_terminal();
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_dumb = std::env::var_os("TERM").is_some_and(|name| name == "dumb");
        Self {
            is_aligned: is_terminal,
            is_terminal,
            is_coloured: is_terminal && !set("NO_COLOR") && !is_dumb,
            width: is_terminal.then(crate::screen::columns),
        }
    }

    /// Aligned, whoever reads it.
    pub(crate) const fn aligned(self) -> Self {
        Self { is_aligned: true, ..self }
    }

    /// The text in a colour.
    pub(crate) fn paint(self, text: &str, colour: Option<Colour>) -> String {
        let code = match colour {
            Some(Colour::Good) => "32",
            Some(Colour::Bad) => "31",
            Some(Colour::Pending) => "33",
            None => return text.to_owned(),
        };
        if self.is_coloured { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}
