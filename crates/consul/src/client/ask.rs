//! One request and its answer, at whichever endpoint answers.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use parking_lot::Mutex;
use rustls::ClientConfig;
use trimtab_seams::{Instant, Seams};

use super::Endpoint;
use super::connect::{Connection, Connector};
use crate::wire::Trouble;

/// No answer is larger: a list of a hundred thousand entries of a few KiB each.
const MOST_ANSWER: usize = 1 << 30;
/// Names whoever asks.
const AGENT: HeaderValue = HeaderValue::from_static(concat!("trimtab/", env!("CARGO_PKG_VERSION")));

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) method: Method,
    /// From `/v1/` on, without the parameters that all requests have.
    pub(crate) target: String,
    pub(crate) body: Bytes,
    /// How long it may take in all.
    pub(crate) time: Duration,
    /// It changes nothing, or nothing more the second time: when its answer is lost it is asked again, elsewhere.
    pub(crate) repeatable: bool,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Asks the endpoints of one Consul.
pub(crate) struct Client {
    connectors: Vec<Connector>,
    /// The endpoint that answered last.
    current: AtomicUsize,
    token: Option<HeaderValue>,
    /// `dc=..&ns=..&partition=..`, or empty.
    parameters: String,
    seams: Seams,
    /// What is in the way at present, for people.
    trouble: Mutex<Option<String>>,
}

/// Why one endpoint gave no answer.
struct Failure {
    sent: bool,
    what: String,
}

impl Client {
    /// # Errors
    /// When an endpoint has a name, or is given one, that no certificate can have.
    pub(crate) fn new(
        endpoints: Vec<Endpoint>,
        tls: Option<&Arc<ClientConfig>>,
        name: Option<&str>,
        token: Option<HeaderValue>,
        parameters: String,
        seams: &Seams,
    ) -> Result<Self, String> {
        let connectors = endpoints.into_iter().map(|endpoint| Connector::new(endpoint, tls, name));
        let connectors = connectors.collect::<Result<_, _>>()?;
        let (current, trouble) = (AtomicUsize::new(0), Mutex::default());
        Ok(Self { connectors, current, token, parameters, seams: seams.clone(), trouble })
    }

    /// Asks; an endpoint that cannot be reached is passed over. Dropping the future closes the connection.
    pub(crate) async fn ask(&self, question: &Question) -> Result<Said, Trouble> {
        let deadline = self.seams.now() + question.time;
        let count = self.connectors.len();
        let first = self.current.load(Ordering::Relaxed);
        let mut failures = Vec::new();
        let mut sent = false;
        for tried in 0..count {
            let number = (first + tried) % count;
            let connector = &self.connectors[number];
            // A frozen server takes connections and answers nothing: what can be asked again must have time left for that.
            let left = remaining(self.seams.now(), deadline);
            if tried > 0 && left.is_zero() {
                // What was not asked is not to blame, and is the first to be asked the next time.
                break;
            }
            let share =
                if question.repeatable { left / u32::try_from(count - tried).unwrap_or(1) } else { left };
            match self.ask_one(connector, question, share).await {
                Ok(said) => {
                    self.current.store(number, Ordering::Relaxed);
                    self.note(failing(connector, &said));
                    return Ok(said);
                }
                Err(failure) => {
                    self.current.store((number + 1) % count, Ordering::Relaxed);
                    failures.push(format!("{}: {}", connector.endpoint, failure.what));
                    sent |= failure.sent;
                    if failure.sent && !question.repeatable {
                        break;
                    }
                }
            }
        }
        let what = failures.join("; ");
        self.note(Some(what.clone()));
        Err(if sent { Trouble::Open(what) } else { Trouble::unreachable(what) })
    }

    /// What is in the way at present: what each endpoint did in place of an answer.
    pub(crate) fn trouble(&self) -> Option<String> {
        self.trouble.lock().clone()
    }

    /// News are logged.
    fn note(&self, now: Option<String>) {
        let mut trouble = self.trouble.lock();
        if let Some(what) = now.as_ref().filter(|_| trouble.is_none()) {
            tracing::warn!(what, "Consul does not answer");
        }
        *trouble = now;
    }

    /// The next request goes to another endpoint first: this one answers, but has no leader.
    pub(crate) fn move_on(&self) {
        let next = (self.current.load(Ordering::Relaxed) + 1) % self.connectors.len();
        self.current.store(next, Ordering::Relaxed);
    }

    /// Closes the connections that are kept.
    pub(crate) fn close(&self) {
        self.connectors.iter().for_each(Connector::close);
    }

    async fn ask_one(
        &self,
        connector: &Connector,
        question: &Question,
        time: Duration,
    ) -> Result<Said, Failure> {
        let deadline = self.seams.now() + time;
        let late = |sent| Failure { sent, what: format!("no answer within {time:?}") };
        loop {
            let kept = connector.kept();
            let was_kept = kept.is_some();
            let mut connection = if let Some(connection) = kept {
                connection
            } else {
                let connecting = connector.connect(&self.seams);
                let connected = self.before(deadline, connecting).await.ok_or_else(|| late(false))?;
                connected.map_err(|what| Failure { sent: false, what })?
            };
            match self.before(deadline, self.exchange(connector, &mut connection, question)).await {
                None => return Err(late(true)),
                Some(Ok(said)) => {
                    connector.keep(connection);
                    return Ok(said);
                }
                // The server had closed it before anything was written.
                Some(Err(failure)) if was_kept && !failure.sent => {}
                Some(Err(failure)) => return Err(failure),
            }
        }
    }

    async fn exchange(
        &self,
        connector: &Connector,
        connection: &mut Connection,
        question: &Question,
    ) -> Result<Said, Failure> {
        let unsent = |what: String| Failure { sent: false, what };
        connection.ready().await.map_err(|error| unsent(broken(&error)))?;
        let request = self.request(connector, question).map_err(unsent)?;
        let answer = connection.try_send_request(request).await.map_err(|mut error| {
            let sent = error.take_message().is_none();
            Failure { sent, what: broken(error.error()) }
        })?;
        let (head, body) = answer.into_parts();
        let body = Limited::new(body, MOST_ANSWER).collect().await;
        let body =
            body.map_err(|error| Failure { sent: true, what: format!("its answer broke off: {error}") })?;
        Ok(Said { status: head.status, headers: head.headers, body: body.to_bytes() })
    }

    fn request(&self, connector: &Connector, question: &Question) -> Result<Request<Full<Bytes>>, String> {
        let Question { method, target, body, .. } = question;
        let joint = if target.contains('?') { '&' } else { '?' };
        let target = if self.parameters.is_empty() {
            target.clone()
        } else {
            format!("{target}{joint}{}", self.parameters)
        };
        let mut request = Request::builder()
            .method(method)
            .uri(target)
            .header(header::HOST, &connector.endpoint.authority)
            .header(header::USER_AGENT, AGENT);
        if let Some(token) = &self.token {
            request = request.header("x-consul-token", token);
        }
        request
            .body(Full::new(body.clone()))
            .map_err(|error| format!("the request cannot be written: {error}"))
    }

    async fn before<T>(&self, deadline: Instant, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            done = work => Some(done),
            () = self.seams.sleep_until(deadline) => None,
        }
    }
}

fn remaining(now: Instant, deadline: Instant) -> Duration {
    if now < deadline { deadline - now } else { Duration::ZERO }
}

/// An answer that says that it is not well.
fn failing(connector: &Connector, said: &Said) -> Option<String> {
    let is_failing = said.status.is_server_error() || said.status == StatusCode::TOO_MANY_REQUESTS;
    is_failing.then(|| {
        let text = String::from_utf8_lossy(&said.body[..said.body.len().min(200)]).trim().to_owned();
        format!("{}: {} {text}", connector.endpoint, said.status.as_u16())
    })
}

/// Why a connection gave no answer.
fn broken(error: &hyper::Error) -> String {
    let cause = std::error::Error::source(error).map(|cause| format!(" ({cause})")).unwrap_or_default();
    if error.is_parse() {
        format!(
            "it does not speak HTTP/1.1: {error}{cause}; is it Consul's HTTP port, and does it want `https://`?"
        )
    } else {
        format!("the connection was closed without an answer{cause}")
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.connectors.iter().map(|connector| &connector.endpoint)).finish()
    }
}

#[cfg(test)]
mod tests {
    use rustls::RootCertStore;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    fn tls() -> Arc<ClientConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.expect("versions").with_root_certificates(RootCertStore::empty());
        Arc::new(builder.with_no_client_auth())
    }

    /// A frozen server takes connections and says nothing, not even in the handshake: so nothing was sent, and all the time for a write is gone.
    #[tokio::test]
    async fn a_write_that_one_endpoint_used_up_the_time_of_goes_to_the_next_one_the_next_time() {
        let seams = Seams::tokio();
        let frozen = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let well = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let at = |scheme, listener: &TcpListener| {
            let address = listener.local_addr().expect("an address");
            Endpoint::parse(&format!("{scheme}://{address}")).expect("an endpoint")
        };
        let endpoints = vec![at("https", &frozen), at("http", &well)];
        seams.spawn("a server that is well", async move {
            let (mut socket, _) = well.accept().await.expect("a connection");
            let _read = socket.read(&mut [0; 4096]).await.expect("a request");
            socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.expect("an answer");
        });
        let client =
            Client::new(endpoints, Some(&tls()), None, None, String::new(), &seams).expect("a client");
        let write = Question {
            method: Method::PUT,
            target: "/v1/txn".into(),
            body: Bytes::new(),
            time: Duration::from_millis(200),
            repeatable: false,
        };
        assert!(matches!(client.ask(&write).await, Err(Trouble::Unavailable { .. })));
        assert_eq!(client.ask(&write).await.expect("an answer").status, StatusCode::OK);
    }
}
