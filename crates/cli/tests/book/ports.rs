//! The ports that the book names, and those that are free here.

use std::net::TcpListener;

use regex::{Captures, Regex};

/// The daemon's, that of webhooks, etcd's, Consul's.
const PRINTED: [u16; 7] = [7420, 9000, 2379, 2380, 8500, 8300, 8301];

/// A free port for each that is printed, at every address of this machine.
pub(crate) struct Ports([(u16, u16); PRINTED.len()]);

impl Ports {
    pub(crate) fn free() -> Self {
        // All at once, so that none is handed out twice.
        let listeners = PRINTED.map(|_| TcpListener::bind("0.0.0.0:0").unwrap());
        let mut real = listeners.iter().map(|listener| listener.local_addr().unwrap().port());
        Self(PRINTED.map(|printed| (printed, real.next().expect("one for each"))))
    }

    /// The daemon's.
    pub(crate) fn api(&self) -> u16 {
        self.0[0].1
    }

    /// A text of the book as it is to be run.
    pub(crate) fn to_run(&self, text: &str) -> String {
        let pairs = self.0;
        replaced(text, |number| pairs.iter().find(|(printed, _)| *printed == number).map(|(_, real)| *real))
    }

    /// What was printed as it stands in the book.
    pub(crate) fn to_print(&self, text: &str) -> String {
        let pairs = self.0;
        replaced(text, |number| pairs.iter().find(|(_, real)| *real == number).map(|(printed, _)| *printed))
    }
}

fn replaced(text: &str, by: impl Fn(u16) -> Option<u16>) -> String {
    let numbers = Regex::new(r"\b[0-9]{4,5}\b").expect("a form");
    let other = |found: &Captures<'_>| {
        let number = found[0].parse().ok().and_then(&by);
        number.map_or_else(|| found[0].to_owned(), |number| number.to_string())
    };
    numbers.replace_all(text, other).into_owned()
}
