//! Which spans are sent, as what, and how that begins and ends.

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{SpanExporter, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::resource::{EnvResourceDetector, TelemetryResourceDetector};
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Metadata;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::filter_fn;

use super::Spans;
use super::client::Client;
use super::variables::{Collector, collector};

/// How long the daemon's end may wait for the last spans to be taken.
const LAST: Duration = Duration::from_secs(2);
/// Whose spans are sent. Those of the programs' carriers say what the run's own span says.
const SOURCES: [&str; 2] = ["trimtab_runtime", "trimtab_http"];
const NAME: &str = "trimtab";

/// The sending of spans. Its drop sends the last ones, for at most 2 s.
pub(crate) struct Traces(SdkTracerProvider);

impl Traces {
    /// As the environment says; none when it names no collector.
    ///
    /// # Errors
    /// The variable that is wrong, for people.
    pub(crate) fn of_environment() -> Result<Option<Self>, String> {
        let Some(collector) = collector(|name| std::env::var(name).ok())? else { return Ok(None) };
        let exporter = SpanExporter::builder().with_http().with_http_client(Client::new(&collector)).build();
        let exporter = exporter.map_err(|error| format!("the variables OTEL_EXPORTER_OTLP_*: {error}"))?;
        let provider =
            SdkTracerProvider::builder().with_resource(resource(&collector)).with_batch_exporter(exporter);
        Ok(Some(Self(provider.build())))
    }

    /// What listens to spans for it.
    pub(crate) fn spans(&self) -> Spans {
        let layer = tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer(NAME))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false);
        let ours = filter_fn(is_sent).with_max_level_hint(LevelFilter::DEBUG);
        Box::new(layer.with_filter(ours))
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        if let Err(error) = self.0.shutdown_with_timeout(LAST) {
            tracing::debug!(%error, "the last spans were not sent");
        }
    }
}

fn is_sent(metadata: &Metadata<'_>) -> bool {
    let source = metadata.target().split("::").next().unwrap_or_default();
    metadata.is_span() && SOURCES.contains(&source)
}

/// Who sends them. What the environment says goes before what is said here.
fn resource(collector: &Collector) -> Resource {
    let resource = Resource::builder_empty()
        .with_service_name(NAME)
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .with_detectors(&[Box::new(TelemetryResourceDetector), Box::new(EnvResourceDetector::new())]);
    match &collector.service {
        Some(name) => resource.with_service_name(name.clone()).build(),
        None => resource.build(),
    }
}
