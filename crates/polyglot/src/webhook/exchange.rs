//! One question and its answer, on a connection that was kept or on a new one.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;

use super::bounds::Bounds;
use super::connect::{Connection, Connector};
use super::pool::Pool;
use crate::protocol::MOST_OUTPUT;
use crate::trace;

/// Of an answer that can be no document so much is read, for its words.
const MOST_WORDS: usize = 8 << 10;
/// Names whoever asks.
const AGENT: HeaderValue = HeaderValue::from_static(concat!("trimtab/", env!("CARGO_PKG_VERSION")));

/// What a server said.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    /// There was more of it than is read.
    pub(super) cut: bool,
}

/// A question as it is sent.
pub(super) struct Question<'a> {
    pub(super) controller: HeaderValue,
    pub(super) token: Option<HeaderValue>,
    pub(super) input: Bytes,
    pub(super) connector: &'a Connector,
    pub(super) pool: &'a Pool,
}

impl Question<'_> {
    /// Asks it. Dropping the future closes the connection, which is how a server sees that nobody waits any more.
    ///
    /// # Errors
    /// Why there is no answer, told behind the webhook's name.
    pub(super) async fn ask(&self, bounds: &Bounds<'_>) -> Result<Said, String> {
        let (connection, answer) = self.answer(bounds).await?;
        let (head, body) = answer.into_parts();
        let most = if may_be_document(head.status) { MOST_OUTPUT } else { MOST_WORDS };
        let (body, cut) = read(bounds, body, most).await?;
        if !cut {
            self.pool.keep(bounds.seams, connection);
        }
        Ok(Said { status: head.status, headers: head.headers, body, cut })
    }

    /// The head of the answer, and the connection that its body comes on.
    async fn answer(&self, bounds: &Bounds<'_>) -> Result<(Connection, Response<Incoming>), String> {
        let mut again = false;
        loop {
            let kept = if again { None } else { self.pool.take() };
            let was_kept = kept.is_some();
            let mut connection = match kept {
                Some(connection) => connection,
                None => self.connector.connect(bounds).await?,
            };
            let begun = connection.received();
            let waiting = async {
                connection.sender.ready().await.map_err(|error| (error, true))?;
                let sent = connection.sender.try_send_request(self.request(bounds)).await;
                sent.map_err(|mut error| {
                    let unsent = error.take_message().is_some();
                    (error.into_error(), unsent)
                })
            };
            let (error, unsent) = match bounds.limit("did not answer", waiting).await? {
                Ok(answer) => return Ok((connection, answer)),
                Err(failed) => failed,
            };
            let silent = connection.received() == begun;
            if !(was_kept && silent) {
                return Err(broken(&error, !silent));
            }
            // Its server had closed it. Nothing was sent: the next one may do. Something was: once more, where that cannot happen.
            again = !unsent;
        }
    }

    fn request(&self, bounds: &Bounds<'_>) -> Request<Full<Bytes>> {
        let address = &self.connector.address;
        let host =
            HeaderValue::try_from(address.authority.as_str()).expect("what an URL names is a header's value");
        let left = u64::try_from(bounds.left().as_millis()).unwrap_or(u64::MAX);
        let mut request = Request::new(Full::new(self.input.clone()));
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = address.target.clone().into();
        let headers = request.headers_mut();
        headers.insert(header::HOST, host);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        headers.insert(header::USER_AGENT, AGENT);
        headers.insert("trimtab-controller", self.controller.clone());
        headers.insert("trimtab-deadline-ms", left.into());
        headers.extend(
            trace::parent()
                .and_then(|parent| HeaderValue::try_from(parent).ok())
                .map(|parent| (HeaderName::from_static("traceparent"), parent)),
        );
        if let Some(token) = &self.token {
            headers.insert(header::AUTHORIZATION, token.clone());
        }
        request
    }
}

/// Whether the body may be a document of the protocol, and is read as one.
pub(super) fn may_be_document(status: StatusCode) -> bool {
    status.is_success()
        || matches!(
            status,
            StatusCode::UNPROCESSABLE_ENTITY
                | StatusCode::TOO_MANY_REQUESTS
                | StatusCode::SERVICE_UNAVAILABLE
        )
}

/// The body, or its beginning and that there is more.
async fn read(bounds: &Bounds<'_>, mut body: Incoming, most: usize) -> Result<(Vec<u8>, bool), String> {
    let mut bytes = Vec::new();
    loop {
        let frame = match bounds.limit("did not finish its answer", body.frame()).await? {
            None => return Ok((bytes, false)),
            Some(frame) => frame.map_err(|error| broken(&error, true))?,
        };
        if let Ok(data) = frame.into_data() {
            let room = most - bytes.len();
            bytes.extend_from_slice(&data[..data.len().min(room)]);
            if data.len() > room {
                return Ok((bytes, true));
            }
        }
    }
}

/// Why an exchange ended before its answer did.
fn broken(error: &hyper::Error, begun: bool) -> String {
    let cause = std::error::Error::source(error).map(|cause| format!(" ({cause})")).unwrap_or_default();
    if error.is_parse() {
        return format!(
            "does not speak HTTP/1.1 as it should: {error}{cause}; look at what listens there, and whether the URL should begin with `https://`"
        );
    }
    if begun {
        format!("broke off in the middle of its answer{cause}; look into the server's log")
    } else {
        format!("closed the connection without an answer{cause}; look into the server's log")
    }
}
