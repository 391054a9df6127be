//! A source without its type parameter: what a controller keeps of it.

use std::fmt;

use trimtab_backend::{Key, Tenancy};
use trimtab_queue::Priority;
use trimtab_seams::BoxFuture;
use trimtab_store::{Change, DecodeError, EntryEvent, Shape, Snapshot};
use trimtab_stream::SubscribeRequest;

use super::other::Other;
use super::{IntoRequests, Transformer};
use crate::{Error, Request, Result};

/// What happened to one entry, and the store as it was then or a little later.
#[derive(Clone, Copy)]
pub(crate) struct Happening<'a> {
    pub(crate) event: &'a EntryEvent,
    pub(crate) snapshot: &'a Snapshot,
}

/// Why a filter or a transformer gave no answer.
#[derive(Debug)]
pub(crate) enum Unmapped {
    /// The entry is not of the type; it will not be until it changes.
    Undecodable(DecodeError),
    /// It failed; it may not the next time.
    Failed(Error),
}

pub(crate) type Filter = Box<dyn Fn(&Happening<'_>) -> Result<bool, Unmapped> + Send + Sync>;
pub(crate) type Mapping =
    Box<dyn Fn(&Happening<'_>, &mut Vec<Request>) -> Result<(), Unmapped> + Send + Sync>;

/// Makes requests of changes by asking somebody.
pub(crate) type Ask =
    Box<dyn Fn(&[EntryEvent], &Snapshot) -> BoxFuture<'static, Result<Vec<Request>, Unmapped>> + Send + Sync>;

/// How changes are mapped when that takes time.
pub(crate) struct Asked {
    pub(crate) ask: Ask,
    /// So many at once at most.
    pub(crate) most: usize,
}

pub(crate) struct Body {
    pub(crate) origin: Origin,
    pub(crate) name: Option<String>,
    pub(crate) tenancy: Option<Tenancy>,
    pub(crate) filters: Vec<Filter>,
    /// None: the entry's own key is the request.
    pub(crate) mappings: Vec<Mapping>,
    /// In place of filters and mappings, when that takes time.
    pub(crate) asked: Option<Asked>,
    pub(crate) with_status: bool,
    pub(crate) quiet: bool,
    pub(crate) gate: bool,
    pub(crate) priority: Priority,
}

pub(crate) enum Origin {
    /// The store's own publisher.
    Entries(SubscribeRequest),
    /// Anything else.
    Other(Box<dyn Other>),
}

impl Body {
    pub(crate) fn new(origin: Origin) -> Self {
        Self {
            gate: matches!(origin, Origin::Entries(_)),
            origin,
            name: None,
            tenancy: None,
            filters: Vec::new(),
            mappings: Vec::new(),
            asked: None,
            with_status: false,
            quiet: false,
            priority: Priority::Normal,
        }
    }

    /// For people: the topic, and what of it.
    pub(crate) fn title(&self) -> String {
        let mut title = match &self.origin {
            Origin::Entries(request) => {
                let subject = match request.interest() {
                    trimtab_stream::Interest::All => String::new(),
                    trimtab_stream::Interest::One(subject) => format!("/{subject}"),
                };
                format!("{}{subject}", request.topic())
            }
            Origin::Other(other) => other.title(),
        };
        if let Some(name) = &self.name {
            title.push('/');
            title.push_str(name);
        }
        if let Some(tenancy) = &self.tenancy {
            title = format!("{title} in {tenancy}");
        }
        title
    }

    /// The kind of the requests when they are the entries' own keys.
    pub(crate) fn own_kind(&self) -> Option<&str> {
        match &self.origin {
            Origin::Entries(request) if !self.is_mapped() => Some(request.topic().as_str()),
            _ => None,
        }
    }

    fn is_mapped(&self) -> bool {
        !self.mappings.is_empty() || self.asked.is_some()
    }

    /// Whether the entry is one of those the source was narrowed to.
    pub(crate) fn holds(&self, key: &Key) -> bool {
        self.name.as_ref().is_none_or(|name| name == key.name())
            && self.tenancy.as_ref().is_none_or(|tenancy| tenancy == key.tenancy())
    }

    /// Whether this is a change the source fires on: of the spec, of existence, or, where statuses are asked for, of the status.
    pub(crate) fn fires(&self, event: &EntryEvent) -> bool {
        match (&event.old, &event.new) {
            (Some(old), Some(new)) => {
                let spec = old.version() != new.version() || old.uid() != new.uid();
                let status = self.with_status || self.is_mapped();
                spec || status && old.status_version() != new.status_version()
            }
            (None, None) => false,
            _ => true,
        }
    }

    /// The requests a change leads to, put behind those that are there.
    pub(crate) fn map(&self, happening: &Happening<'_>, requests: &mut Vec<Request>) -> Result<(), Unmapped> {
        for filter in &self.filters {
            if !filter(happening)? {
                return Ok(());
            }
        }
        if self.mappings.is_empty() {
            requests.push(happening.event.key.clone());
        }
        self.mappings.iter().try_for_each(|mapping| mapping(happening, requests))
    }
}

fn change<S: Shape>(happening: &Happening<'_>) -> Result<Change<S>, Unmapped> {
    Change::of(happening.event, happening.snapshot).map_err(Unmapped::Undecodable)
}

pub(crate) fn mapping<S: Shape, F: Transformer<S>>(transformer: F) -> Mapping {
    Box::new(move |happening, requests| {
        transformer(&change::<S>(happening)?).each(&mut |request| requests.push(request));
        Ok(())
    })
}

pub(crate) fn fallible<S: Shape, R: IntoRequests>(
    transformer: impl Fn(&Change<S>) -> Result<R> + Send + Sync + 'static,
) -> Mapping {
    Box::new(move |happening, requests| {
        let mapped = transformer(&change::<S>(happening)?).map_err(Unmapped::Failed)?;
        mapped.each(&mut |request| requests.push(request));
        Ok(())
    })
}

pub(crate) fn filter<S: Shape>(accept: impl Fn(&Change<S>) -> bool + Send + Sync + 'static) -> Filter {
    Box::new(move |happening| Ok(accept(&change::<S>(happening)?)))
}

/// Asks about the changes that the filters let through; what the mappings make of them goes before the answer.
pub(crate) fn asking<S: Shape, R: IntoRequests, F>(
    filters: Vec<Filter>,
    mappings: Vec<Mapping>,
    ask: impl Fn(Vec<Change<S>>) -> F + Send + Sync + 'static,
) -> Ask
where
    F: Future<Output = Result<R>> + Send + 'static,
{
    let seen = move |events: &[EntryEvent], snapshot: &Snapshot| {
        let (mut changes, mut requests) = (Vec::new(), Vec::new());
        for event in events {
            let happening = Happening { event, snapshot };
            if !filters.iter().try_fold(true, |passed, filter| Ok(passed && filter(&happening)?))? {
                continue;
            }
            mappings.iter().try_for_each(|mapping| mapping(&happening, &mut requests))?;
            changes.push(change::<S>(&happening)?);
        }
        Ok((changes, requests))
    };
    Box::new(move |events, snapshot| {
        let asked = seen(events, snapshot).map(|(changes, requests)| {
            // Nobody is asked about nothing.
            ((!changes.is_empty()).then(|| ask(changes)), requests)
        });
        Box::pin(async move {
            let (answer, mut requests) = asked?;
            if let Some(answer) = answer {
                answer.await.map_err(Unmapped::Failed)?.each(&mut |request| requests.push(request));
            }
            Ok(requests)
        })
    })
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Source").field(&self.title()).finish()
    }
}
