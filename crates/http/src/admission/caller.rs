//! Who asks.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::auth::Access;

/// Who asks, as far as is known.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    known: bool,
}

impl Caller {
    pub(super) fn of(access: &Access) -> Self {
        Self { known: matches!(access, Access::Open | Access::Known(..)) }
    }

    /// Whether it is somebody who may look; on an API without tokens everybody is.
    pub(crate) const fn is_known(&self) -> bool {
        self.known
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or(Self { known: false }))
    }
}
