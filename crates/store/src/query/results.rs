//! A list as it is read: stretch by stretch from the snapshot, merged with own writes.

use std::collections::VecDeque;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use trimtab_backend::{Key, Uid};

use super::lookup::owner_index;
use super::query::Filter;
use super::{Query, Stored, View};
use crate::state::{Cursor, Range, TermIndex};
use crate::{Entry, ReadError, Shape};

/// The entries of a [`Query`], one by one. Holds the snapshot until it is dropped.
#[must_use = "results are read as they are iterated"]
pub struct Results<S: Shape> {
    view: View,
    range: Range,
    filter: Filter,
    source: Source,
    /// Told first of all, and the end.
    refused: Option<ReadError>,
    cursor: Cursor,
    stretch: Vec<(Key, Stored)>,
    ready: VecDeque<(Key, Stored)>,
    own: VecDeque<Entry>,
    shape: PhantomData<fn() -> S>,
}

/// Where candidates come from.
enum Source {
    Order,
    Index(Arc<TermIndex<Stored>>, String),
}

impl<S: Shape> Results<S> {
    pub(super) fn of(query: Query<S>) -> Self {
        let about = query.view.snapshot().0.about();
        let refused = match &query.range.kind {
            Some(kind) => about.check_list(kind, &query.range.tenancies).err(),
            None => None,
        };
        Self::begin(query.view, query.range, query.filter, refused)
    }

    fn begin(view: View, range: Range, filter: Filter, refused: Option<ReadError>) -> Self {
        let source = Source::choose(&view, &range, &filter);
        let mut results = Self {
            view,
            range,
            filter,
            source,
            refused,
            cursor: Cursor::Start,
            stretch: Vec::new(),
            ready: VecDeque::new(),
            own: VecDeque::new(),
            shape: PhantomData,
        };
        if results.refused.is_some() {
            results.cursor = Cursor::End;
        } else if let Some(overlay) = results.view.overlay() {
            let own = overlay.iter().filter(|(key, _)| results.range.contains(key));
            results.own = own
                .filter_map(|(_, entry)| entry.cloned())
                .filter(|entry| results.filter.wants(entry))
                .collect();
        }
        results
    }

    /// Reads stretches until something is wanted of one, or there are no more.
    fn read_on(&mut self) {
        while self.ready.is_empty() && !self.cursor.is_end() {
            let pinned = &self.view.snapshot().0;
            match &self.source {
                Source::Order => pinned.walk(&self.range, &mut self.cursor, &mut self.stretch),
                Source::Index(index, term) => {
                    pinned.walk_term(index, term, &mut self.cursor, &mut self.stretch);
                }
            }
            let overlay = self.view.overlay();
            let wanted = self.stretch.drain(..).filter(|(key, stored)| {
                overlay.is_none_or(|overlay| overlay.get(key).is_none())
                    && self.range.contains(key)
                    && match stored {
                        Stored::Entry(entry) => self.filter.wants(entry),
                        Stored::Undecodable(_) => true,
                    }
            });
            self.ready.extend(wanted);
        }
    }
}

impl<S: Shape> Results<S> {
    pub(super) fn of_owner(view: View, owner: Uid) -> Self {
        let filter = Filter { owner: Some(owner), ..Filter::default() };
        Self::begin(view, Range::default(), filter, None)
    }
}

impl Source {
    fn choose(view: &View, range: &Range, filter: &Filter) -> Self {
        let pinned = &view.snapshot().0;
        if let Some(asked) = &filter.term {
            match range.kind.as_ref().and_then(|kind| pinned.state().index(Some(kind), asked.lookup())) {
                Some(index) => return Self::Index(index, asked.term.clone()),
                None if filter.owner.is_none() => pinned.about().count_scan(),
                None => {}
            }
        }
        match filter.owner.zip(owner_index(pinned.state())) {
            Some((owner, index)) => Self::Index(index, owner.to_string()),
            None => Self::Order,
        }
    }
}

impl Filter {
    /// Whether the entry has the labels, the owner and the term.
    pub(super) fn wants(&self, entry: &Entry) -> bool {
        (self.selector.is_empty() || self.selector.matches(|name| entry.label(name)))
            && self.owner.is_none_or(|uid| entry.owners().iter().any(|owner| owner.uid == uid))
            // What cannot tell its terms is given, so that the reader meets the error.
            && self.term.as_ref().is_none_or(|asked| asked.holds(entry).unwrap_or(true))
    }
}

impl<S: Shape> Iterator for Results<S> {
    type Item = Result<S::View, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(refused) = self.refused.take() {
            return Some(Err(refused));
        }
        self.read_on();
        let own_first = match (self.own.front(), self.ready.front()) {
            (Some(own), Some((key, _))) => own.key() < key,
            (own, _) => own.is_some(),
        };
        let entry = if own_first {
            self.own.pop_front()?
        } else {
            match self.ready.pop_front()?.1.entry() {
                Ok(entry) => entry,
                Err(error) => return Some(Err(error.into())),
            }
        };
        Some(S::view(&entry).map_err(ReadError::from))
    }
}

impl<S: Shape> std::iter::FusedIterator for Results<S> {}

impl<S: Shape> fmt::Debug for Results<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Results")
            .field("view", &self.view)
            .field("range", &self.range)
            .finish_non_exhaustive()
    }
}
