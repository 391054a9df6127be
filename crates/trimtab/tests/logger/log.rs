//! A log that can be read: the message of each event after the name of the span it lies in.

use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

#[derive(Default)]
pub(crate) struct Log {
    pub(crate) lines: Arc<Mutex<Vec<String>>>,
    names: Mutex<Vec<&'static str>>,
    inside: Mutex<Vec<&'static str>>,
}

struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut names = self.names.lock();
        names.push(span.metadata().name());
        Id::from_u64(names.len() as u64)
    }

    fn event(&self, event: &Event<'_>) {
        let mut message = Message(String::new());
        event.record(&mut message);
        let span = self.inside.lock().last().copied().unwrap_or_default();
        self.lines.lock().push(format!("{span}: {}", message.0));
    }

    fn enter(&self, span: &Id) {
        let at = usize::try_from(span.into_u64()).expect("a small number") - 1;
        self.inside.lock().push(self.names.lock()[at]);
    }

    fn exit(&self, _: &Id) {
        self.inside.lock().pop();
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}
}
