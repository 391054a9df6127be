//! Parts of a request, with problem documents where they cannot be had.
//!
//! axum's own extractors refuse in plain text. These say which field is wrong and what was probably meant, and bound what is read.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt as _;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::api::Shared;
use crate::bodies::Share;
use crate::nearest::nearest;
use crate::problem::Refusal;
use crate::until::until;
use crate::wire::ProblemKind;

/// The query, by name; a parameter that is not known is an error.
pub(crate) struct Query<T>(pub(crate) T);

/// The parts of the path, decoded.
pub(crate) struct Path<T>(pub(crate) T);

/// A JSON body, read and answered.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<Arc<Shared>> for Query<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Shared>) -> Result<Self, Refusal> {
        let query = parts.uri.query().unwrap_or_default();
        serde_html_form::from_str(query).map(Self).map_err(|error| {
            let text = error.to_string();
            let refusal = Refusal::malformed(format!("the query cannot be read: {text}"));
            match unknown(&text) {
                Some((field, known)) => refusal.field(field).nearest(nearest(field, known)),
                None => refusal.field("query"),
            }
        })
    }
}

/// The field that serde did not know, and those that it does.
fn unknown(text: &str) -> Option<(&str, Vec<&str>)> {
    let rest = text.split_once("unknown field `")?.1;
    let (field, rest) = rest.split_once('`')?;
    Some((field, rest.split('`').skip(1).step_by(2).collect()))
}

impl<T: DeserializeOwned + Send> FromRequestParts<Arc<Shared>> for Path<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Refusal> {
        match axum::extract::Path::from_request_parts(parts, shared).await {
            Ok(axum::extract::Path(path)) => Ok(Self(path)),
            Err(error) => Err(Refusal::malformed(format!("the path cannot be read: {error}")).field("path")),
        }
    }
}

impl<T: DeserializeOwned> FromRequest<Arc<Shared>> for Json<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, shared: &Arc<Shared>) -> Result<Self, Refusal> {
        if !is_json(request.headers()) {
            let detail = "say `Content-Type: application/json`, and send JSON";
            return Err(Refusal::new(ProblemKind::UnsupportedMediaType, detail).field("Content-Type"));
        }
        let mut share = shared.state.bodies.share();
        let body = read(request, shared, &mut share).await?;
        parse(&body).map(Self)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// A web page cannot say this without asking first, and is never let to.
fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    media == "application/json" || media.starts_with("application/") && media.ends_with("+json")
}

/// The whole body, bounded in size and time, and together with all others.
async fn read(request: Request<Body>, shared: &Shared, share: &mut Share<'_>) -> Result<Vec<u8>, Refusal> {
    let (most, all) = (shared.limits.body, shared.limits.bodies);
    let too_large = || {
        let detail = format!("the body is larger than {most} bytes; split the request");
        Refusal::new(ProblemKind::TooLarge, detail).field("body").limit(most as u64)
    };
    let told = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    // One that says so is not read at all.
    if told.is_some_and(|length| length > most as u64) {
        return Err(too_large());
    }
    let reading = async {
        let (mut read, mut body) = (Vec::new(), request.into_body());
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| {
                Refusal::malformed(format!("the body cannot be read: {error}")).field("body")
            })?;
            let Ok(data) = frame.into_data() else { continue };
            if read.len() + data.len() > most {
                return Err(too_large());
            }
            if !share.grow(data.len(), all) {
                let detail = format!("bodies of {all} bytes are being read, as many as there may be at once");
                return Err(Refusal::unavailable(detail).field("body").limit(all as u64));
            }
            read.extend_from_slice(&data);
        }
        Ok(read)
    };
    let read = until(shared.store.seams().sleep(shared.limits.request_time), reading).await;
    read.unwrap_or_else(|| {
        let detail = format!("the body did not end within {:?}", shared.limits.request_time);
        Err(Refusal::new(ProblemKind::Timeout, detail).field("body"))
    })
}

/// JSON that is none is malformed; JSON that says something else than it should breaks a rule.
fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let parsed = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        let field = if path == "." { "body".to_owned() } else { path };
        if inner.is_data() {
            let text = inner.to_string();
            let refusal = Refusal::new(ProblemKind::Invalid, format!("{field}: {text}")).field(field);
            match unknown(&text) {
                Some((field, known)) => refusal.nearest(nearest(field, known)),
                None => refusal,
            }
        } else {
            Refusal::malformed(format!("the body is not JSON: {inner}")).field("body")
        }
    })?;
    reader
        .end()
        .map_err(|error| Refusal::malformed(format!("the body is not JSON: {error}")).field("body"))?;
    Ok(parsed)
}
