//! What one run adds to the environment of its program.

use trimtab_backend::Key;

/// What a question is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct About<'a> {
    pub(crate) controller: &'a str,
    /// The kind that is asked about.
    pub(crate) kind: &'a str,
    /// None when it is about many.
    pub(crate) key: Option<&'a Key>,
}

impl<'a> About<'a> {
    /// The variables that say so. Nothing stands above them.
    pub(crate) fn variables(&self) -> impl Iterator<Item = (&'static str, &'a str)> {
        let of_key = self.key.map(|key| {
            [
                ("TRIMTAB_NAME", key.name()),
                ("TRIMTAB_NAMESPACE", key.namespace()),
                ("TRIMTAB_PARTITION", key.partition()),
            ]
        });
        [("TRIMTAB_CONTROLLER", self.controller), ("TRIMTAB_KIND", self.kind)]
            .into_iter()
            .chain(of_key.into_iter().flatten())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_run_is_told_whom_it_is_about() {
        let key = Key::new("site", "blog").in_namespace("shop");
        let about = About { controller: "sites", kind: "site", key: Some(&key) };
        let told: BTreeMap<_, _> = about.variables().collect();
        assert_eq!((told["TRIMTAB_NAME"], told["TRIMTAB_NAMESPACE"]), ("blog", "shop"));
        assert_eq!((told["TRIMTAB_KIND"], told["TRIMTAB_CONTROLLER"]), ("site", "sites"));
        assert_eq!(About { key: None, ..about }.variables().count(), 2);
    }
}
