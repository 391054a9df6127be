//! The standard variables of OpenTelemetry that are looked at here; the others are read by its SDK.
//!
//! The SDK falls back in silence on what it cannot use. Somebody who has named a collector waits for spans, so that is told instead, before anything is started.

use std::time::Duration;

use ureq::http::Uri;

/// For spans alone, and for all signals.
const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
const TIMEOUTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"];
const PROTOCOLS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"];
const COMPRESSIONS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "OTEL_EXPORTER_OTLP_COMPRESSION"];
const SAMPLER: &str = "OTEL_TRACES_SAMPLER";
const RATIO: &str = "OTEL_TRACES_SAMPLER_ARG";
const SAMPLERS: [&str; 6] = [
    "always_on",
    "always_off",
    "traceidratio",
    "parentbased_always_on",
    "parentbased_always_off",
    "parentbased_traceidratio",
];
/// The standard's.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A collector, as far as it is not left to the SDK.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Collector {
    pub(super) tls: bool,
    /// How long one sending may take.
    pub(super) timeout: Duration,
    pub(super) service: Option<String>,
}

/// The collector that the environment names; none: nothing is to be sent. An empty variable says nothing.
///
/// # Errors
/// The variable that is wrong, and what to write. Not its value where that may be secret.
pub(super) fn collector(of: impl Fn(&str) -> Option<String>) -> Result<Option<Collector>, String> {
    let said = |name: &str| of(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
    let first = |names: [&'static str; 2]| names.into_iter().find_map(|name| Some((name, said(name)?)));
    let is_off = said("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let Some((name, endpoint)) = first(ENDPOINTS).filter(|_| !is_off) else { return Ok(None) };
    let uri = endpoint.parse::<Uri>().ok();
    let scheme = uri.as_ref().filter(|uri| uri.host().is_some_and(|host| !host.is_empty()));
    let tls = match scheme.and_then(Uri::scheme_str) {
        Some("http") => false,
        Some("https") => true,
        _ => return Err(format!("{name} must be a URL like `http://127.0.0.1:4318`")),
    };
    if let Some((name, protocol)) = first(PROTOCOLS).filter(|(_, protocol)| protocol != "http/protobuf") {
        return Err(format!(
            "{name} is `{protocol}`; only `http/protobuf` is spoken, by default at port 4318 of a collector"
        ));
    }
    if let Some((name, compression)) = first(COMPRESSIONS).filter(|(_, compression)| compression != "none") {
        return Err(format!("{name} is `{compression}`; spans are sent uncompressed, so leave it out"));
    }
    let sampler = said(SAMPLER);
    if let Some(sampler) = sampler.as_deref().filter(|sampler| !SAMPLERS.contains(sampler)) {
        return Err(format!("{SAMPLER} is `{sampler}`; it must be one of {}", SAMPLERS.join(", ")));
    }
    let takes_ratio = sampler.is_some_and(|sampler| sampler.ends_with("traceidratio"));
    if let Some(ratio) = said(RATIO).filter(|_| takes_ratio)
        && !ratio.parse::<f64>().is_ok_and(|ratio| (0.0..=1.0).contains(&ratio))
    {
        return Err(format!("{RATIO} is `{ratio}`; it must be a number from 0 to 1"));
    }
    let timeout = match first(TIMEOUTS) {
        None => TIMEOUT,
        Some((name, value)) => match value.parse() {
            Ok(milliseconds @ 1..) => Duration::from_millis(milliseconds),
            _ => return Err(format!("{name} is `{value}`; it must be a number of milliseconds above 0")),
        },
    };
    Ok(Some(Collector { tls, timeout, service: said("OTEL_SERVICE_NAME") }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collector_of(variables: &[(&str, &str)]) -> Result<Option<Collector>, String> {
        collector(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    const HERE: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318");

    #[test]
    fn nothing_is_sent_unless_an_endpoint_is_given() {
        let off = [HERE, ("OTEL_SDK_DISABLED", "true")];
        for none in [&[][..], &[("OTEL_SERVICE_NAME", "x")], &[("OTEL_EXPORTER_OTLP_ENDPOINT", " ")], &off] {
            assert_eq!(collector_of(none), Ok(None), "{none:?}");
        }
        let found = collector_of(&[HERE]).unwrap().unwrap();
        assert_eq!((found.tls, found.timeout), (false, Duration::from_secs(10)));
        let named = [
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://otel.example/v1/traces"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "250"),
        ];
        let found = collector_of(&named).unwrap().unwrap();
        assert_eq!((found.tls, found.timeout), (true, Duration::from_millis(250)));
    }

    #[test]
    fn what_cannot_be_used_is_told_by_the_name_of_its_variable() {
        let wrong = |variable: (&str, &str)| collector_of(&[HERE, variable]).unwrap_err();
        for (name, value) in [
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "127.0.0.1:4318"),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "ftp://h"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
            ("OTEL_TRACES_SAMPLER", "sometimes"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "0"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s"),
        ] {
            assert!(wrong((name, value)).starts_with(name), "{}", wrong((name, value)));
        }
        let ratio = [HERE, ("OTEL_TRACES_SAMPLER", "traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "2")];
        assert!(collector_of(&ratio).unwrap_err().starts_with("OTEL_TRACES_SAMPLER_ARG"));
        // It may hold a password.
        let secret = wrong(("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "//u:secret@h"));
        assert!(!secret.contains("secret"), "{secret}");
    }
}
