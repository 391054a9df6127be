//! Requests to one daemon.

use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use trimtab::seams::Seams;
use ureq::http::{Method, Request as HttpRequest};
use ureq::tls::TlsConfig;
use ureq::{Agent, Body, BodyReader, Proxy};

use super::again::Again;
use super::answer::{decode, foreign};
use super::{Address, Answer, Failure, Tenancies, transport};

/// To find the daemon and to shake hands with it.
const CONNECT: Duration = Duration::from_secs(5);
/// For a whole answer.
const ANSWER: Duration = Duration::from_secs(60);
/// A stream that is silent for so long is cut: a daemon that lives says something every 15 s.
const SILENCE: Duration = Duration::from_secs(50);
/// No answer is larger than this: a page of entries, each as large as it may be, is not.
const MOST_BYTES: u64 = 1 << 30;
/// What a part of a path or of a query may say as it is.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// One daemon. Clones are the same client.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    agent: Agent,
    address: Address,
    token: Option<String>,
    seams: Seams,
    is_verbose: bool,
}

/// A request that is being put together.
#[derive(Clone, Debug)]
#[must_use = "a request is sent"]
pub(crate) struct Request<'a> {
    client: &'a Client,
    method: Method,
    url: String,
    query: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Client {
    pub(super) fn new(
        address: Address,
        token: Option<String>,
        tls: Option<TlsConfig>,
        is_verbose: bool,
    ) -> Self {
        let proxy = if address.is_loopback() { None } else { Proxy::try_from_env() };
        let settings = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(proxy)
            .timeout_resolve(Some(CONNECT))
            .timeout_connect(Some(CONNECT))
            .user_agent(concat!("trimtab/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls.unwrap_or_default());
        Self { agent: settings.build().new_agent(), address, token, seams: Seams::tokio(), is_verbose }
    }

    /// Where the daemon is.
    pub(crate) const fn address(&self) -> &Address {
        &self.address
    }

    /// Clock and waiting.
    pub(crate) const fn seams(&self) -> &Seams {
        &self.seams
    }

    /// Reads. The parts of the path are encoded here.
    pub(crate) fn get(&self, path: &[&str]) -> Request<'_> {
        self.request(Method::GET, path)
    }

    /// Writes.
    pub(crate) fn put(&self, path: &[&str]) -> Request<'_> {
        self.request(Method::PUT, path)
    }

    /// Asks for something to be done.
    pub(crate) fn post(&self, path: &[&str]) -> Request<'_> {
        self.request(Method::POST, path)
    }

    /// Deletes.
    pub(crate) fn delete(&self, path: &[&str]) -> Request<'_> {
        self.request(Method::DELETE, path)
    }

    fn request(&self, method: Method, path: &[&str]) -> Request<'_> {
        let mut url = self.address.to_string();
        for part in path {
            url.push('/');
            url.extend(utf8_percent_encode(part, KEPT));
        }
        Request { client: self, method, url, query: String::new(), headers: Vec::new(), body: Vec::new() }
    }
}

impl Request<'_> {
    /// A parameter, when there is a value.
    pub(crate) fn query(mut self, name: &str, value: Option<&str>) -> Self {
        if let Some(value) = value {
            self.query.push(if self.query.is_empty() { '?' } else { '&' });
            self.query.extend(utf8_percent_encode(name, KEPT));
            self.query.push('=');
            self.query.extend(utf8_percent_encode(value, KEPT));
        }
        self
    }

    /// The namespace and the partition.
    pub(crate) fn within(self, tenancies: &Tenancies) -> Self {
        self.query("namespace", tenancies.namespace()).query("partition", tenancies.partition())
    }

    /// A field of the header, when there is a value.
    pub(crate) fn header(mut self, name: &'static str, value: Option<&str>) -> Self {
        self.headers.extend(value.map(|value| (name, value.to_owned())));
        self
    }

    /// Only when it is at this ETag; `*`: only when it is there.
    pub(crate) fn if_match(self, etag: Option<&str>) -> Self {
        self.header("If-Match", etag)
    }

    /// A body.
    pub(crate) fn json(mut self, body: &impl Serialize) -> Self {
        self.body = serde_json::to_vec(body).expect("documents are JSON");
        self.headers.push(("Content-Type", "application/json".into()));
        self
    }

    /// Sends it; the answer. Where nothing was done for now it is sent again, for a while.
    pub(crate) fn send<T: DeserializeOwned>(self) -> Result<Answer<T>, Failure> {
        let client = self.client;
        let again = Again::new(&client.seams);
        let (status, headers, body) = loop {
            let answer = self.clone().call(Some(ANSWER), None)?;
            if !again.after(answer.0, &answer.1) {
                break answer;
            }
        };
        let body = body.into_with_config().limit(MOST_BYTES).read_to_vec();
        let body = body.map_err(|error| transport::failure(error, &client.address))?;
        decode(status, &headers, &body, &client.address)
    }

    /// Sends it; a stream of events, which has no end of itself.
    pub(super) fn stream(self) -> Result<BodyReader<'static>, Failure> {
        let client = self.client;
        let (status, headers, body) = self.call(None, Some(SILENCE))?;
        let media = headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        if status == 200 && media.starts_with("text/event-stream") {
            return Ok(body.into_with_config().limit(u64::MAX).reader());
        }
        let media = media.to_owned();
        let body = body.into_with_config().limit(MOST_BYTES).read_to_vec();
        let body = body.map_err(|error| transport::failure(error, &client.address))?;
        decode::<serde_json::Value>(status, &headers, &body, &client.address)?;
        Err(foreign(status, &media, &body, &client.address))
    }

    fn call(
        self,
        whole: Option<Duration>,
        silence: Option<Duration>,
    ) -> Result<(u16, ureq::http::HeaderMap, Body), Failure> {
        let Self { client, method, url, query, headers, body } = self;
        let (begun, shown) = (client.seams.now(), format!("{method} {url}{query}"));
        let mut request = HttpRequest::builder().method(method).uri(url + &query);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        if let Some(token) = &client.token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        let answered = request.body(body).map_err(ureq::Error::Http).and_then(|request| {
            let request = client.agent.configure_request(request);
            let request = request.timeout_global(whole).timeout_per_read(silence).build();
            client.agent.run(request)
        });
        if client.is_verbose {
            let outcome = match &answered {
                Ok(response) => response.status().as_u16().to_string(),
                Err(error) => error.to_string(),
            };
            let took = client.seams.now() - begun;
            eprintln!("{}", crate::show::visible(&format!("{shown}: {outcome} in {took:.1?}")));
        }
        let response = answered.map_err(|error| transport::failure(error, &client.address))?;
        let (head, body) = response.into_parts();
        Ok((head.status.as_u16(), head.headers, body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_a_path_and_a_query_is_encoded() {
        let client = Client::new(Address::parse("http://127.0.0.1:1/base/").unwrap(), None, None, false);
        let request = client.request(Method::GET, &["v1", "entries", "site", "a/b c%?#é"]);
        let request = request.query("selector", Some("tier=web, !old")).query("namespace", None);
        assert_eq!(request.url, "http://127.0.0.1:1/base/v1/entries/site/a%2Fb%20c%25%3F%23%C3%A9");
        assert_eq!(request.query, "?selector=tier%3Dweb%2C%20%21old");
    }
}
