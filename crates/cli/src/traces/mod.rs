//! Spans of reconciles and requests, sent to a collector of OpenTelemetry.
//!
//! Behind the feature `otel`, for it brings some thirty crates and most daemons have their metrics and their log. Without the feature, or without a collector named in the
//! environment, nothing listens to spans and none is made.

#[cfg(feature = "otel")]
mod client;
#[cfg(not(feature = "otel"))]
mod off;
#[cfg(feature = "otel")]
mod on;
#[cfg(feature = "otel")]
mod variables;

use tracing_subscriber::{Layer, Registry};

#[cfg(not(feature = "otel"))]
pub(crate) use off::Traces;
#[cfg(feature = "otel")]
pub(crate) use on::Traces;

/// What listens to spans, beside the log.
pub(crate) type Spans = Box<dyn Layer<Registry> + Send + Sync>;
