//! What was logged.
//!
//! One listener for the process, which writes for the threads that listen: whether a place in the code is listened to at all is decided once a process.

use std::cell::RefCell;
use std::fmt::{self, Write as _};
use std::sync::Once;

use tracing::field::{Field, Visit};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber, span};

/// A line of the log, or the beginning of a span: everything it says in one text.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) level: Level,
    pub(crate) text: String,
}

thread_local! {
    static LINES: RefCell<Option<Vec<Line>>> = const { RefCell::new(None) };
}

/// Runs a test, which keeps to this thread, and gives what was logged meanwhile.
pub(crate) fn logged<T>(test: impl FnOnce() -> T) -> (T, Vec<Line>) {
    static LISTENING: Once = Once::new();
    LISTENING.call_once(|| tracing::subscriber::set_global_default(Listener).expect("the only one"));
    LINES.set(Some(Vec::new()));
    let result = test();
    (result, LINES.take().unwrap_or_default())
}

struct Listener;

fn note(level: Level, text: &str) -> u64 {
    LINES.with_borrow_mut(|lines| {
        let Some(lines) = lines else { return 1 };
        lines.push(Line { level, text: text.into() });
        lines.len() as u64
    })
}

impl Subscriber for Listener {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        LINES.with_borrow(Option::is_some)
    }
    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        let mut text = Text(format!("span {}", attributes.metadata().name()));
        attributes.record(&mut text);
        span::Id::from_u64(note(*attributes.metadata().level(), &text.0))
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut text = Text(String::new());
        event.record(&mut text);
        note(*event.metadata().level(), &text.0);
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
    fn record_str(&mut self, field: &Field, value: &str) {
        let _ = write!(self.0, " {}={value}", field.name());
    }
}
