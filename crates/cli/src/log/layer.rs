//! The layer that makes lines of events.

use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::{LookupSpan, Scope};
use trimtab::seams::Seams;

use super::fields::Fields;
use super::{human, json};
use crate::screen::Screen;

/// The form of the lines.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    Human { coloured: bool },
    Json,
}

pub(super) struct Lines {
    form: Form,
    screen: Screen,
    seams: Seams,
}

impl Lines {
    pub(super) const fn new(form: Form, screen: Screen, seams: Seams) -> Self {
        Self { form, screen, seams }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Lines {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, ctx: Context<'_, S>) {
        let Some(span) = ctx.span(id) else { return };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        span.extensions_mut().insert(fields);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, ctx: Context<'_, S>) {
        let Some(span) = ctx.span(id) else { return };
        if let Some(fields) = span.extensions_mut().get_mut::<Fields>() {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, ctx: Context<'_, S>) {
        let mut fields = Fields::default();
        for span in ctx.event_scope(event).into_iter().flat_map(Scope::from_root) {
            if let Some(of_span) = span.extensions().get::<Fields>() {
                fields.extend(of_span);
            }
        }
        event.record(&mut fields);
        let (at, level) = (self.seams.wall().into(), *event.metadata().level());
        let line = match self.form {
            Form::Human { coloured } => human::line(at, level, fields, coloured),
            Form::Json => json::line(at, level, event.metadata().target(), &fields),
        };
        self.screen.log(&line);
    }
}
