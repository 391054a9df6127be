//! Which trace a question belongs to, so that the program that answers can go on with it.
//!
//! Behind the feature `otel`: a trace is what the crates of OpenTelemetry say that the present task stands in, and nobody else knows of it.

/// The present span as W3C's `traceparent`; none when there is none.
#[cfg(feature = "otel")]
pub(crate) fn parent() -> Option<String> {
    use opentelemetry::trace::TraceContextExt as _;

    let context = opentelemetry::Context::current();
    let span = context.span();
    let of = span.span_context();
    let (trace, span, flags) = (of.trace_id(), of.span_id(), of.trace_flags().to_u8());
    of.is_valid().then(|| format!("00-{trace}-{span}-{flags:02x}"))
}

/// Without the feature there is none.
#[cfg(not(feature = "otel"))]
pub(crate) const fn parent() -> Option<String> {
    None
}
