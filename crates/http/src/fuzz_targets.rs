//! What answers the requests of strangers, for fuzzing: the routes with all that stands before them, in process, without a connection. Not for programs.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use trimtab_store::{Memory, Store};
//! # let store = Store::open(Memory::new()).await?;
//! # let api = trimtab_http::Api::builder(&store, &trimtab_runtime::Manager::new().handle()).build();
//! let routes = trimtab_http::fuzz_targets::Routes::of(&api);
//! let answer = routes.answer("GET", "/healthz", &[("host", b"localhost")], b"").await.unwrap();
//! assert_eq!(answer.status, 200);
//! # Ok(()) }
//! ```

use std::fmt;

use axum::Router;
use axum::http::{Request, header};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;

use crate::{Api, serve};

/// The routes of an API. They are made once: that takes longer than a request.
pub struct Routes(TowerToHyperService<Router>);

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Its `Content-Type`.
    pub content_type: String,
    /// The whole body; none of a stream, which has no end.
    pub body: Vec<u8>,
}

impl Routes {
    /// Those of this API.
    pub fn of(api: &Api) -> Self {
        Self(TowerToHyperService::new(serve::router(&api.0)))
    }

    /// What is answered to a request; none when it is none in HTTP.
    pub async fn answer(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &[u8])],
        body: &[u8],
    ) -> Option<Answer> {
        let head =
            headers.iter().fold(Request::builder().method(method).uri(target), |head, (name, value)| {
                head.header(*name, *value)
            });
        let request = head.body(Full::new(Bytes::copy_from_slice(body))).ok()?;
        let answered = self.0.call(request).await.unwrap_or_else(|never| match never {});
        let (head, body) = answered.into_parts();
        let content_type = head.headers.get(header::CONTENT_TYPE).map(|value| value.as_bytes().to_vec());
        let content_type = String::from_utf8_lossy(&content_type.unwrap_or_default()).into_owned();
        let is_stream = content_type.starts_with("text/event-stream");
        let body = if is_stream { Bytes::new() } else { body.collect().await.ok()?.to_bytes() };
        Some(Answer { status: head.status.as_u16(), content_type, body: body.to_vec() })
    }
}

impl fmt::Debug for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Routes")
    }
}
