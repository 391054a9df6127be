//! Lists that are read page by page, each from one snapshot.
//!
//! A token that says only how far a client has come would show it a store that changes between pages. So the snapshot is kept, for a while, for a few
//! lists; the token names the list and says where its next page begins, and asking twice for the same page gives the same answer.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use trimtab_seams::{Instant, Seams};
use trimtab_store::{Dynamic, Key, Position, Query, Tenancy};

use crate::Limits;

/// The lists that are being read.
#[derive(Default)]
pub(crate) struct Pages(Mutex<Open>);

#[derive(Default)]
struct Open {
    lists: BTreeMap<String, Listing>,
    /// Somebody lets go of what has expired.
    swept: bool,
}

/// A list of which a page was given.
struct Listing {
    query: Query<Dynamic>,
    /// What was asked for, to be asked for again or left out.
    asked: String,
    position: Option<Position>,
    until: Instant,
    /// Its last page was given; it may be asked for again, while there is room.
    done: bool,
}

/// Which list, and after which entry its next page begins.
#[derive(Debug, PartialEq, Eq)]
struct Token {
    list: String,
    after: Key,
}

/// Every place is taken.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl Pages {
    /// Keeps a list that has more than one page. The token for its next one.
    pub(crate) fn keep(
        self: &Arc<Self>,
        (query, asked, position): (Query<Dynamic>, String, Option<Position>),
        last: &Key,
        limits: &Limits,
        seams: &Seams,
    ) -> Result<String, Full> {
        let now = seams.now();
        let name = format!("{:032x}", u128::from_le_bytes(seams.random_bytes()));
        let (dropped, sweep) = {
            let mut open = self.0.lock();
            let mut dropped = open.expired(now);
            if open.lists.len() >= limits.pages {
                let done = open.lists.iter().filter(|(_, listing)| listing.done);
                let oldest = done.min_by_key(|(_, listing)| listing.until).map(|(name, _)| name.clone());
                dropped.extend(open.lists.remove(&oldest.ok_or(Full)?));
            }
            let until = now + limits.page_time;
            open.lists.insert(name.clone(), Listing { query, asked, position, until, done: false });
            (dropped, !std::mem::replace(&mut open.swept, true))
        };
        // Snapshots are let go without the lock.
        drop(dropped);
        if sweep {
            seams.spawn("trimtab-http-pages", Arc::clone(self).sweep(seams.clone()));
        }
        Ok(Token { list: name, after: last.clone() }.to_string())
    }

    /// The rest of the list that a token names, for another while; none when it is not kept (any more), or is a list of something else.
    pub(crate) fn rest(
        &self,
        token: &str,
        asked: impl Fn(&str) -> bool,
        time: Duration,
        now: Instant,
    ) -> Option<(Query<Dynamic>, Option<Position>)> {
        let token = Token::parse(token)?;
        let mut open = self.0.lock();
        let listing =
            open.lists.get_mut(&token.list).filter(|listing| listing.until > now && asked(&listing.asked))?;
        listing.until = now + time;
        Some((listing.query.clone().after(&token.after), listing.position))
    }

    /// The token for the page after this one of the same list; without another page, its place may be taken.
    pub(crate) fn go_on(&self, token: &str, last: Option<&Key>) -> Option<String> {
        let name = Token::parse(token)?.list;
        if let Some(last) = last {
            return Some(Token { list: name, after: last.clone() }.to_string());
        }
        if let Some(listing) = self.0.lock().lists.get_mut(&name) {
            listing.done = true;
        }
        None
    }

    /// Lets go of lists as they expire, and ends when there are none.
    async fn sweep(self: Arc<Self>, seams: Seams) {
        loop {
            let (dropped, next) = {
                let mut open = self.0.lock();
                let dropped = open.expired(seams.now());
                let next = open.lists.values().map(|listing| listing.until).min();
                open.swept = next.is_some();
                (dropped, next)
            };
            drop(dropped);
            let Some(next) = next else { return };
            seams.sleep_until(next).await;
        }
    }
}

impl Open {
    fn expired(&mut self, now: Instant) -> Vec<Listing> {
        let kept = std::mem::take(&mut self.lists);
        let (gone, kept): (BTreeMap<_, _>, BTreeMap<_, _>) =
            kept.into_iter().partition(|(_, listing)| listing.until <= now);
        self.lists = kept;
        gone.into_values().collect()
    }
}

impl std::fmt::Display for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-", self.list)?;
        let after = &self.after;
        let parts = [after.kind(), after.partition(), after.namespace(), after.name()];
        parts.join("\0").bytes().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Token {
    fn parse(text: &str) -> Option<Self> {
        let (list, hex) = text.split_once('-')?;
        // The number parser takes a sign too.
        if !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) || hex.len() % 2 == 1 {
            return None;
        }
        let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).ok();
        let bytes: Option<Vec<u8>> = (0..hex.len()).step_by(2).map(byte).collect();
        let after = String::from_utf8(bytes?).ok()?;
        let mut parts = after.splitn(4, '\0');
        let (kind, partition, namespace) = (parts.next()?, parts.next()?, parts.next()?);
        let after = Key::within(kind.into(), Tenancy::new(partition, namespace), parts.next()?);
        Some(Self { list: list.into(), after })
    }
}
