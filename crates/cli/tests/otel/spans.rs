//! What a collector is told of a run and of a request.

use std::io::{BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;

use crate::collector::{Collector, Sent, request, serve};
use crate::daemon::{Folder, until};

const SCRIPT: &str = "[ \"$TRIMTAB_NAME\" = shop ] && { echo 'no such disk' >&2; exit 65; }; exit 0";

fn of_runs(sent: &[Sent], name: &str) -> Vec<Sent> {
    let runs = sent.iter().filter(|sent| sent.span.name == "reconcile");
    runs.filter(|sent| sent.attributes.get("name").is_some_and(|of| of == name)).cloned().collect()
}

#[test]
fn each_reconcile_is_a_span_that_says_what_ran_and_why() {
    let collector = Collector::new();
    let folder = Folder::new(SCRIPT, &["blog", "shop"]);
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url.as_str()),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=acme"),
        ("OTEL_SERVICE_NAME", "sites-of-acme"),
        ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test"),
    ];
    let (code, log) = folder.run(&["--until-settled"], &variables).ended();
    assert_eq!(code, Some(1), "a site that cannot be: {log}");

    let sent = collector.sent();
    let [run] = &of_runs(&sent, "blog")[..] else { panic!("not one run: {sent:?}") };
    let told = |name: &str| run.attributes.get(name).map_or("", String::as_str);
    assert_eq!((told("controller"), told("kind"), told("attempt")), ("sites", "site", "1"), "{run:?}");
    assert!(told("index").parse::<u64>().is_ok_and(|index| index > 0), "{run:?}");
    assert!(told("reasons").contains("blog"), "{run:?}");
    assert_eq!(run.span.status.clone().unwrap_or_default().code(), StatusCode::Unset);
    assert!(run.span.end_time_unix_nano > run.span.start_time_unix_nano, "it lasted as long as the script");
    assert!(run.header.contains("x-tenant: acme"), "{}", run.header);
    let resource = |name: &str| run.resource.get(name).map_or("", String::as_str);
    assert_eq!(resource("service.name"), "sites-of-acme");
    assert_eq!(resource("service.version"), env!("CARGO_PKG_VERSION"));
    assert_eq!(resource("deployment.environment.name"), "test");

    let [run] = &of_runs(&sent, "shop")[..] else { panic!("not one run: {sent:?}") };
    let status = run.span.status.clone().unwrap_or_default();
    assert_eq!(status.code(), StatusCode::Error);
    assert!(status.message.contains("no such disk"), "{status:?}");
    // The log is what it is without a collector.
    assert!(!log.contains("otel.") && !log.contains("DEBUG"), "{log}");
}

#[test]
fn each_request_is_a_span_named_by_its_route() {
    let collector = Collector::new();
    let folder = Folder::new(SCRIPT, &["blog"]);
    let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url.as_str())];
    let daemon = folder.run(&[], &variables);
    let said = daemon.says("  api http://");
    let address = said.split_once("  api http://").unwrap().1.lines().next().unwrap().to_owned();
    let mut answer = String::new();
    until(
        "an answer",
        || {
            let Ok(mut stream) = TcpStream::connect(&address) else { return false };
            let request = format!(
                "GET /v1/entries/site/nothing HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
            );
            stream.write_all(request.as_bytes()).is_ok() && stream.read_to_string(&mut answer).is_ok()
        },
        || daemon.log(),
    );
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    daemon.stop();
    let (code, log) = daemon.ended();
    assert_eq!(code, Some(0), "{log}");
    let sent = collector.sent();
    let request = sent.iter().find(|sent| sent.span.name == "GET /v1/entries/{kind}/{name}");
    let request = request.unwrap_or_else(|| panic!("no such span: {sent:?}"));
    assert_eq!(request.span.kind(), SpanKind::Server);
    let told = |name: &str| request.attributes.get(name).map_or("", String::as_str);
    assert_eq!((told("method"), told("code")), ("GET", "404"));
    assert_eq!(request.resource.get("service.name").map(String::as_str), Some("trimtab"));
}

#[test]
fn a_sampler_leaves_out_what_it_is_told_to() {
    let collector = Collector::new();
    let folder = Folder::new(SCRIPT, &["blog"]);
    let variables =
        [("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url.as_str()), ("OTEL_TRACES_SAMPLER", "always_off")];
    let (code, log) = folder.run(&["--until-settled"], &variables).ended();
    assert_eq!(code, Some(0), "{log}");
    assert!(collector.sent().is_empty());
}

/// As W3C writes it: version, trace, span, sampled.
fn parent(run: &Sent) -> String {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    format!("00-{}-{}-01", hex(&run.span.trace_id), hex(&run.span.span_id))
}

#[test]
fn a_script_and_a_webhook_are_told_which_trace_they_belong_to() {
    let collector = Collector::new();
    let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url.as_str())];
    let folder = Folder::new("printf %s \"$TRACEPARENT\" > parent", &["blog"]);
    let (code, log) = folder.run(&["--until-settled"], &variables).ended();
    assert_eq!(code, Some(0), "{log}");
    let runs = of_runs(&collector.sent(), "blog");
    assert_eq!(folder.read("parent"), parent(&runs[0]));

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let heard = Arc::<Mutex<String>>::default();
    let told = Arc::clone(&heard);
    serve(listener, move |stream| {
        let mut stream = BufReader::new(stream);
        while let Some((header, _)) = request(&mut stream) {
            *told.lock().unwrap() = header;
            let answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
            stream.get_mut().write_all(answer).unwrap();
        }
    });
    let folder = Folder::of_webhook(&url, &["shop"]);
    let (code, log) = folder.run(&["--until-settled"], &variables).ended();
    assert_eq!(code, Some(0), "{log}");
    let runs = of_runs(&collector.sent(), "shop");
    let header = heard.lock().unwrap().clone();
    assert!(header.contains(&format!("traceparent: {}\r\n", parent(&runs[0]))), "{header}");
}
