//! The problems, their codes and titles.

use axum::http::StatusCode;

use crate::wire::ProblemKind;

/// The status code of a problem.
pub(super) const fn status(kind: ProblemKind) -> StatusCode {
    match kind {
        ProblemKind::Malformed => StatusCode::BAD_REQUEST,
        ProblemKind::Unauthorized => StatusCode::UNAUTHORIZED,
        ProblemKind::Forbidden | ProblemKind::ForeignHost => StatusCode::FORBIDDEN,
        ProblemKind::NoSuchPath | ProblemKind::NotFound => StatusCode::NOT_FOUND,
        ProblemKind::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        ProblemKind::Timeout => StatusCode::REQUEST_TIMEOUT,
        ProblemKind::Conflict => StatusCode::CONFLICT,
        ProblemKind::Expired => StatusCode::GONE,
        ProblemKind::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
        ProblemKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ProblemKind::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ProblemKind::Misdirected => StatusCode::MISDIRECTED_REQUEST,
        ProblemKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        ProblemKind::TooMany => StatusCode::TOO_MANY_REQUESTS,
        ProblemKind::HeaderTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        ProblemKind::Internal | ProblemKind::UnknownOutcome => StatusCode::INTERNAL_SERVER_ERROR,
        ProblemKind::Unavailable | ProblemKind::Stopping => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// A problem in a few words.
pub(super) const fn title(kind: ProblemKind) -> &'static str {
    match kind {
        ProblemKind::Malformed => "the request cannot be read",
        ProblemKind::Unauthorized => "a token is needed",
        ProblemKind::Forbidden => "the token does not allow this",
        ProblemKind::ForeignHost => "the request came from elsewhere",
        ProblemKind::NoSuchPath => "there is no such path",
        ProblemKind::NotFound => "not found",
        ProblemKind::MethodNotAllowed => "the path has no such method",
        ProblemKind::Timeout => "the request took too long to come",
        ProblemKind::Conflict => "somebody else was first",
        ProblemKind::Expired => "the list is not kept any more",
        ProblemKind::PreconditionFailed => "the condition of the header does not hold",
        ProblemKind::TooLarge => "the body is too large",
        ProblemKind::UnsupportedMediaType => "the body must be JSON",
        ProblemKind::Misdirected => "another replica runs this",
        ProblemKind::Invalid => "the request breaks a rule",
        ProblemKind::TooMany => "too many at once",
        ProblemKind::HeaderTooLarge => "the header is too large",
        ProblemKind::Internal => "a defect of the daemon",
        ProblemKind::UnknownOutcome => "whether it was written is not known",
        ProblemKind::Unavailable => "nothing was done; try again later",
        ProblemKind::Stopping => "the daemon is stopping",
    }
}
