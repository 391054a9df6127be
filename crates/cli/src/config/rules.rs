//! How settings of a table depend on each other, and what is told when they do not fit.

use super::fields::Fields;
use super::place::Place;
use super::problem::Problems;
use super::settings::{Rule, Shape};

impl Fields<'_, '_> {
    /// Tells what breaks the table's rules.
    pub(super) fn obeying(self, problems: &mut Problems) -> Self {
        // A flag that is no flag is told when it is taken.
        let is_given = |name: &&&str| match self.table.get(**name).and_then(|value| value.get_ref().as_bool())
        {
            Some(flag) if matches!(self.known.setting(name).shape, Shape::Flag) => flag,
            _ => self.has(name),
        };
        for rule in self.known.rules {
            match rule {
                Rule::OneOf(names) => match names.iter().filter(is_given).collect::<Vec<_>>().as_slice() {
                    [_] => {}
                    [] => {
                        let ways: Vec<_> = names
                            .iter()
                            .map(|name| format!("`{name} = {}`", self.known.setting(name).example))
                            .collect();
                        let what = format!("must have one of {}", ways.join(", "));
                        problems.push(self.problem_of_table(what));
                    }
                    [.., last] => {
                        let place = self
                            .table
                            .get(**last)
                            .map_or(self.line(), |value| self.source.line(value.span().start));
                        let what = format!("is one of {}, of which only one may be given", names.join(", "));
                        problems.push(self.problem(&Place::Line(place), last, what));
                    }
                },
                Rule::Needs(name, other) if self.has(name) && !self.has(other) => {
                    let place = self
                        .table
                        .get(*name)
                        .map_or(self.line(), |value| self.source.line(value.span().start));
                    let what = format!("is of use only beside `{other}`; give that too, or leave this out");
                    problems.push(self.problem(&Place::Line(place), name, what));
                }
                Rule::Needs(..) => {}
            }
        }
        self
    }
}
