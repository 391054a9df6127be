//! What a transformer may return.

use std::collections::{BTreeSet, HashSet};
use std::hash::BuildHasher;

use trimtab_store::{Entry, Kind, Typed};

use crate::Request;

/// Requests, in whatever form is at hand: one key, one entry, none or some, many. Not a `Result`: what may fail goes to
/// [`Source::try_map`](crate::Source::try_map).
#[diagnostic::on_unimplemented(
    message = "`{Self}` names no requests",
    label = "a key, an entry, or an `Option`, `Vec`, array or set of them is wanted here",
    note = "a transformer that may fail, and so returns a `Result`, goes to `try_map`",
    note = "a `Query` goes there too: `.try_map(|change| Ok(change.list::<Site>().by(&BY_CERTIFICATE, change.name()).all()?))`"
)]
pub trait IntoRequests {
    /// Gives each request to `take`.
    fn each(self, take: &mut dyn FnMut(Request));
}

impl IntoRequests for Request {
    fn each(self, take: &mut dyn FnMut(Request)) {
        take(self);
    }
}

impl IntoRequests for &Request {
    fn each(self, take: &mut dyn FnMut(Request)) {
        take(self.clone());
    }
}

impl IntoRequests for &Entry {
    fn each(self, take: &mut dyn FnMut(Request)) {
        take(self.key().clone());
    }
}

impl IntoRequests for Entry {
    fn each(self, take: &mut dyn FnMut(Request)) {
        take(self.key().clone());
    }
}

impl<K: Kind> IntoRequests for &Typed<K> {
    fn each(self, take: &mut dyn FnMut(Request)) {
        take(self.key().clone());
    }
}

impl<K: Kind> IntoRequests for Typed<K> {
    fn each(self, take: &mut dyn FnMut(Request)) {
        take(self.key().clone());
    }
}

impl<R: IntoRequests> IntoRequests for Option<R> {
    fn each(self, take: &mut dyn FnMut(Request)) {
        if let Some(requests) = self {
            requests.each(take);
        }
    }
}

impl<R: IntoRequests> IntoRequests for Vec<R> {
    fn each(self, take: &mut dyn FnMut(Request)) {
        for requests in self {
            requests.each(take);
        }
    }
}

impl<'a, R> IntoRequests for &'a [R]
where
    &'a R: IntoRequests,
{
    fn each(self, take: &mut dyn FnMut(Request)) {
        for requests in self {
            requests.each(take);
        }
    }
}

impl<R: IntoRequests, const N: usize> IntoRequests for [R; N] {
    fn each(self, take: &mut dyn FnMut(Request)) {
        for requests in self {
            requests.each(take);
        }
    }
}

impl<R: IntoRequests> IntoRequests for BTreeSet<R> {
    fn each(self, take: &mut dyn FnMut(Request)) {
        for requests in self {
            requests.each(take);
        }
    }
}

impl<R: IntoRequests, H: BuildHasher> IntoRequests for HashSet<R, H> {
    fn each(self, take: &mut dyn FnMut(Request)) {
        for requests in self {
            requests.each(take);
        }
    }
}
