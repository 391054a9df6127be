//! How spans get to a collector.
//!
//! The SDK sends them from a thread of its own, one batch after another, so a client that blocks is the simplest one, and the daemon's own threads have nothing to do with it. A batch that is
//! being sent and the queue behind it are all that is held; what comes while both are full is dropped by the SDK.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use rustls::crypto::ring;
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use super::variables::Collector;

/// Of an answer no more is read: its status says all that matters.
const MOST_ANSWER: u64 = 64 << 10;
/// Names whoever sends.
const AGENT: &str = concat!("trimtab/", env!("CARGO_PKG_VERSION"));

type Answer = Result<Response<Bytes>, HttpError>;

/// Sends, and says when the collector comes to be away and when it is back.
#[derive(Debug)]
pub(super) struct Client {
    agent: Agent,
    is_failing: AtomicBool,
}

impl Client {
    pub(super) fn new(collector: &Collector) -> Self {
        let mut config = Agent::config_builder()
            .timeout_global(Some(collector.timeout))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(AGENT)
            .proxy(None);
        if collector.tls {
            let trusted = rustls_native_certs::load_native_certs().certs;
            let trusted: Vec<_> = trusted.iter().map(|der| Certificate::from_der(der).to_owned()).collect();
            let tls = TlsConfig::builder()
                .unversioned_rustls_crypto_provider(Arc::new(ring::default_provider()))
                .root_certs(RootCerts::new_with_certs(&trusted));
            config = config.tls_config(tls.build());
        }
        Self { agent: config.build().new_agent(), is_failing: AtomicBool::new(false) }
    }

    fn send(&self, request: Request<Bytes>) -> Answer {
        let (head, body) = request.into_parts();
        let (head, mut body) = self.agent.run(Request::from_parts(head, &body[..]))?.into_parts();
        let body = body.with_config().limit(MOST_ANSWER).read_to_vec()?;
        Ok(Response::from_parts(head, body.into()))
    }

    /// Once for each change, however often it is tried.
    fn tell(&self, answer: &Answer) {
        let wrong = match answer {
            Ok(answer) if answer.status().is_success() => None,
            Ok(answer) => Some(format!("it answers {}", answer.status())),
            Err(error) => Some(error.to_string()),
        };
        let was_failing = self.is_failing.swap(wrong.is_some(), Ordering::Relaxed);
        match wrong {
            Some(wrong) if !was_failing => {
                tracing::warn!("spans do not reach the collector, and are dropped until they do: {wrong}");
            }
            None if was_failing => tracing::info!("spans reach the collector again"),
            _ => {}
        }
    }
}

impl HttpClient for Client {
    fn send_bytes<'s, 'f>(
        &'s self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Answer> + Send + 'f>>
    where
        's: 'f,
        Self: 'f,
    {
        Box::pin(async {
            let answer = self.send(request);
            self.tell(&answer);
            answer
        })
    }
}
