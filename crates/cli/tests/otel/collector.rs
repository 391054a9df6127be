//! A collector on loopback: it takes what is posted, and decodes it with the types of the protocol's own definition.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;

/// A span, and who sent it.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) span: Span,
    pub(crate) attributes: BTreeMap<String, String>,
    pub(crate) resource: BTreeMap<String, String>,
    /// The header of the request, names in lower case.
    pub(crate) header: String,
}

/// Listens for as long as the test lives.
pub(crate) struct Collector {
    pub(crate) url: String,
    sent: Arc<Mutex<Vec<Sent>>>,
}

impl Collector {
    pub(crate) fn new() -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    pub(crate) fn on(listener: TcpListener) -> Self {
        let url = format!("http://{}", listener.local_addr().unwrap());
        let sent = Arc::<Mutex<Vec<Sent>>>::default();
        let taken = Arc::clone(&sent);
        serve(listener, move |stream| {
            let mut stream = BufReader::new(stream);
            while let Some((header, body)) = request(&mut stream) {
                taken.lock().unwrap().extend(decoded(&header, &body));
                let answer =
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n";
                stream.get_mut().write_all(answer).unwrap();
            }
        });
        Self { url, sent }
    }

    /// The spans so far.
    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }
}

/// Answers each connection in a thread of its own.
#[expect(clippy::disallowed_methods, reason = "a server of the test's, outside of what is tested")]
pub(crate) fn serve(listener: TcpListener, answer: impl Fn(TcpStream) + Send + Sync + 'static) {
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let answer = Arc::clone(&answer);
            std::thread::spawn(move || answer(stream));
        }
    });
}

/// The next request: its header, and its body.
pub(crate) fn request(stream: &mut BufReader<TcpStream>) -> Option<(String, Vec<u8>)> {
    let mut header = String::new();
    while !header.ends_with("\r\n\r\n") {
        stream.read_line(&mut header).ok().filter(|read| *read > 0)?;
    }
    let header = header.to_lowercase();
    let length = header.lines().find_map(|line| line.strip_prefix("content-length: "))?;
    let mut body = vec![0; length.parse().ok()?];
    stream.read_exact(&mut body).ok()?;
    Some((header, body))
}

fn decoded(header: &str, body: &[u8]) -> Vec<Sent> {
    assert!(header.starts_with("post /v1/traces http/1.1\r\n"), "{header}");
    assert!(header.contains("content-type: application/x-protobuf"), "{header}");
    let request = ExportTraceServiceRequest::decode(body).expect("protobuf, as the protocol defines it");
    let mut sent = Vec::new();
    for of_resource in request.resource_spans {
        let resource = told(&of_resource.resource.unwrap_or_default().attributes);
        for span in of_resource.scope_spans.into_iter().flat_map(|scope| scope.spans) {
            let attributes = told(&span.attributes);
            sent.push(Sent { span, attributes, resource: resource.clone(), header: header.to_owned() });
        }
    }
    sent
}

fn told(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let value = |value: &KeyValue| match value.value.as_ref().and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::IntValue(number)) => number.to_string(),
        other => format!("{other:?}"),
    };
    attributes.iter().map(|attribute| (attribute.key.clone(), value(attribute))).collect()
}
