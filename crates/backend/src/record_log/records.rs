//! The records as they are now: found by key in one probe, walked page by page.
//!
//! A snapshot must be told in pieces, so the records need places that stay put while others come and go. An ordered map has such places
//! (its keys), but costs twenty comparisons of names at a million entries; so entries lie in pages of fixed size, and a table finds their
//! place by the hash that every key carries already. Growing adds a page; it never moves an entry.

use hashbrown::HashTable;

use crate::{Key, Part, Record};

/// Entries of a page, and so of one step of a snapshot.
pub(super) const PAGE: usize = 1024;

/// The two halves of an entry. At least one is there.
#[derive(Debug)]
pub(super) struct Halves {
    key: Key,
    pub(super) spec: Option<Record>,
    pub(super) status: Option<Record>,
}

impl Halves {
    pub(super) fn records(&self) -> impl Iterator<Item = &Record> {
        self.spec.iter().chain(&self.status)
    }

    const fn half(&self, part: Part) -> Option<&Record> {
        match part {
            Part::Spec => self.spec.as_ref(),
            Part::Status => self.status.as_ref(),
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Records {
    /// Places of entries, by the hash of their keys.
    places: HashTable<Place>,
    pages: Vec<Vec<Option<Halves>>>,
    free: Vec<Place>,
}

/// Page and slot of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place(u32);

impl Place {
    const fn page(self) -> usize {
        self.0 as usize / PAGE
    }

    const fn slot(self) -> usize {
        self.0 as usize % PAGE
    }
}

impl Records {
    pub(super) fn entry(&self, key: &Key) -> Option<&Halves> {
        let place = *self.places.find(key.hash64(), |place| self.is_at(*place, key))?;
        self.pages[place.page()][place.slot()].as_ref()
    }

    pub(super) fn get(&self, key: &Key, part: Part) -> Option<&Record> {
        self.entry(key)?.half(part)
    }

    /// The entries of a page; `None` past the last one.
    pub(super) fn page(&self, page: usize) -> Option<impl Iterator<Item = &Halves>> {
        self.pages.get(page).map(|page| page.iter().flatten())
    }

    /// Writes one half: a new life of it begins unless one is there. Gives what now stands, what stood before, and the page.
    pub(super) fn put(&mut self, mut record: Record) -> (Record, Option<Record>, usize) {
        let key = record.key.clone();
        let place = self.place_of(&key);
        let halves = self.pages[place.page()][place.slot()].get_or_insert_with(|| Halves {
            key,
            spec: None,
            status: None,
        });
        let half = match record.part {
            Part::Spec => &mut halves.spec,
            Part::Status => &mut halves.status,
        };
        if let Some(before) = half {
            record.created = before.created;
        }
        let before = half.replace(record.clone());
        (record, before, place.page())
    }

    /// Removes both halves. Gives them and their page.
    pub(super) fn remove(&mut self, key: &Key) -> Option<(Halves, usize)> {
        let Self { places, pages, free } = self;
        let is_at = |place: &Place| holds(pages, *place, key);
        let place = places.find_entry(key.hash64(), is_at).ok()?.remove().0;
        free.push(place);
        pages[place.page()][place.slot()].take().map(|halves| (halves, place.page()))
    }

    fn is_at(&self, place: Place, key: &Key) -> bool {
        holds(&self.pages, place, key)
    }

    fn place_of(&mut self, key: &Key) -> Place {
        let Self { places, pages, free } = self;
        if let Some(place) = places.find(key.hash64(), |place| holds(pages, *place, key)) {
            return *place;
        }
        let place = free.pop().unwrap_or_else(|| new_place(pages));
        let hash_at = |place: &Place| hash_at(pages, *place);
        places.insert_unique(key.hash64(), place, hash_at);
        place
    }
}

fn holds(pages: &[Vec<Option<Halves>>], place: Place, key: &Key) -> bool {
    pages[place.page()][place.slot()].as_ref().is_some_and(|halves| halves.key == *key)
}

fn hash_at(pages: &[Vec<Option<Halves>>], place: Place) -> u64 {
    pages[place.page()][place.slot()].as_ref().map_or(0, |halves| halves.key.hash64())
}

fn new_place(pages: &mut Vec<Vec<Option<Halves>>>) -> Place {
    if pages.last().is_none_or(|page| page.len() == PAGE) {
        pages.push(Vec::with_capacity(PAGE));
    }
    let page = pages.len() - 1;
    let slots = &mut pages[page];
    slots.push(None);
    let place = page * PAGE + slots.len() - 1;
    Place(u32::try_from(place).expect("four thousand million entries do not fit into memory"))
}
