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
use crate::{DecodeError, Entry, ReadError, Shape};

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
    ready: VecDeque<Found>,
    own: VecDeque<Found>,
    shape: PhantomData<fn() -> S>,
}

/// What is wanted, or what stands in the way of telling whether it is.
type Found = (Key, Result<Entry, DecodeError>);

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
        Self::begin(query.view, query.range, query.filter, query.after.as_ref(), refused)
    }

    fn begin(
        view: View,
        range: Range,
        filter: Filter,
        after: Option<&Key>,
        refused: Option<ReadError>,
    ) -> Self {
        let source = Source::choose(&view, &range, &filter);
        let mut results = Self {
            view,
            range,
            filter,
            source,
            refused,
            cursor: after.cloned().map_or(Cursor::Start, Cursor::After),
            stretch: Vec::new(),
            ready: VecDeque::new(),
            own: VecDeque::new(),
            shape: PhantomData,
        };
        if results.refused.is_some() {
            results.cursor = Cursor::End;
        } else if let Some(overlay) = results.view.overlay() {
            let later = |key: &Key| after.is_none_or(|after| key > after);
            let own = overlay.iter().filter(|(key, _)| results.range.contains(key) && later(key));
            results.own =
                own.filter_map(|(key, entry)| results.filter.find(key.clone(), Ok(entry?.clone()))).collect();
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
            let here = self.stretch.drain(..).filter(|(key, _)| {
                overlay.is_none_or(|overlay| overlay.get(key).is_none()) && self.range.contains(key)
            });
            self.ready.extend(here.filter_map(|(key, stored)| self.filter.find(key, stored.entry())));
        }
    }
}

impl<S: Shape> Results<S> {
    pub(super) fn of_owner(view: View, owner: Uid) -> Self {
        let filter = Filter { owner: Some(owner), ..Filter::default() };
        Self::begin(view, Range::default(), filter, None, None)
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
    /// The entry, if it has the labels, the owner and the term. What cannot tell is given, so that the reader meets the error.
    fn find(&self, key: Key, entry: Result<Entry, DecodeError>) -> Option<Found> {
        match entry.and_then(|entry| Ok(self.wants(&entry)?.then_some(entry))) {
            Ok(wanted) => wanted.map(|entry| (key, Ok(entry))),
            Err(error) => Some((key, Err(error))),
        }
    }

    fn wants(&self, entry: &Entry) -> Result<bool, DecodeError> {
        Ok((self.selector.is_empty() || self.selector.matches(|name| entry.label(name)))
            && self.owner.is_none_or(|uid| entry.owners().iter().any(|owner| owner.uid == uid))
            && self.term.as_ref().map_or(Ok(true), |asked| asked.holds(entry))?)
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
            (Some((own, _)), Some((key, _))) => own < key,
            (own, _) => own.is_some(),
        };
        let (_, found) = if own_first { self.own.pop_front()? } else { self.ready.pop_front()? };
        Some(found.and_then(|entry| S::view(&entry)).map_err(ReadError::from))
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
