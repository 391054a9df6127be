//! A request that is not done, and everything that its answer says.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use trimtab_store::{Document, Entry};

use super::kind::{status, title};
use crate::wire::{Problem, ProblemKind, RunBy};

/// A request that is not done: answered with a problem document.
#[derive(Debug)]
#[must_use = "a refusal is answered"]
pub(crate) struct Refusal(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ProblemKind,
    detail: String,
    field: Option<String>,
    limit: Option<u64>,
    found: Vec<Document>,
    position: Option<String>,
    run_by: Option<RunBy>,
    nearest: Option<String>,
    retry_after: Option<Duration>,
    allow: Option<String>,
}

impl Refusal {
    /// Of any kind.
    pub(crate) fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            detail: detail.into(),
            field: None,
            limit: None,
            found: Vec::new(),
            position: None,
            run_by: None,
            nearest: None,
            retry_after: None,
            allow: None,
        }))
    }

    /// 400: it cannot be read.
    pub(crate) fn malformed(detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::Malformed, detail)
    }

    /// 404: there is no such entry or controller.
    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::NotFound, detail)
    }

    /// 409, and what is there.
    pub(crate) fn conflict(detail: impl Into<String>, found: Option<&Entry>) -> Self {
        Self::new(ProblemKind::Conflict, detail).found(found)
    }

    /// 410: the list is not kept any more.
    pub(crate) fn expired(detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::Expired, detail).field("continue")
    }

    /// 412, and what is there.
    pub(crate) fn precondition(detail: impl Into<String>, found: Option<&Entry>) -> Self {
        Self::new(ProblemKind::PreconditionFailed, detail).found(found)
    }

    /// 421: another replica runs it.
    pub(crate) fn misdirected(detail: impl Into<String>, run_by: RunBy) -> Self {
        let mut refusal = Self::new(ProblemKind::Misdirected, detail);
        refusal.0.run_by = Some(run_by);
        refusal
    }

    /// 422: it breaks a rule. The field, and what is wrong with it.
    pub(crate) fn invalid(field: impl Into<String>, what: impl std::fmt::Display) -> Self {
        let field = field.into();
        Self::new(ProblemKind::Invalid, format!("{field} {what}")).field(field)
    }

    /// 429: so many `things` as there may be, and what to do.
    pub(crate) fn too_many(things: &str, limit: usize, what: &str) -> Self {
        let refusal = Self::new(ProblemKind::TooMany, format!("{limit} {things} {what}"));
        refusal.field(things).limit(limit as u64).retry_after(Duration::from_secs(1))
    }

    /// 503: nothing was done.
    pub(crate) fn unavailable(detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::Unavailable, detail).retry_after(Duration::from_secs(1))
    }

    /// 503: the daemon is stopping.
    pub(crate) fn stopping(detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::Stopping, detail).retry_after(Duration::from_secs(1))
    }

    /// The field that is wrong.
    pub(crate) fn field(mut self, field: impl Into<String>) -> Self {
        self.0.field = Some(field.into());
        self
    }

    /// The bound that was passed.
    pub(crate) fn limit(mut self, limit: u64) -> Self {
        self.0.limit = Some(limit);
        self
    }

    /// What is there. One that cannot be told is left out.
    pub(crate) fn found<'a>(mut self, found: impl IntoIterator<Item = &'a Entry>) -> Self {
        self.0.found.extend(found.into_iter().filter_map(|entry| entry.to_document().ok()));
        self
    }

    /// Up to where to read again.
    pub(crate) fn position(mut self, position: impl Into<String>) -> Self {
        self.0.position = Some(position.into());
        self
    }

    /// What was probably meant.
    pub(crate) fn nearest(mut self, nearest: Option<String>) -> Self {
        if let Some(nearest) = &nearest {
            self.0.detail = format!("{}; did you mean `{nearest}`?", self.0.detail);
        }
        self.0.nearest = nearest;
        self
    }

    /// When to try again.
    pub(crate) fn retry_after(mut self, time: Duration) -> Self {
        self.0.retry_after = Some(time);
        self
    }

    /// The methods that the path has.
    pub(crate) fn allow(mut self, methods: impl Into<String>) -> Self {
        self.0.allow = Some(methods.into());
        self
    }

    /// Its status code.
    pub(crate) fn status(&self) -> StatusCode {
        status(self.0.kind)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = self.status();
        let Inner { kind, detail, field, limit, found, position, run_by, nearest, retry_after, allow } =
            *self.0;
        let problem = Problem {
            kind,
            title: title(kind).into(),
            status: status.as_u16(),
            detail,
            field,
            limit,
            found,
            position,
            run_by,
            nearest,
        };
        let body = serde_json::to_vec(&problem).expect("texts and numbers are JSON");
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if kind == ProblemKind::Unauthorized {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(time) = retry_after {
            // Whole seconds, never none.
            headers.insert(header::RETRY_AFTER, time.as_secs().max(1).into());
        }
        if let Some(methods) = allow.and_then(|methods| HeaderValue::try_from(methods).ok()) {
            headers.insert(header::ALLOW, methods);
        }
        response
    }
}
