//! User, password, and the token that the server gives for them.

use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::{Code, Status};

use super::Server;
use super::call::{self, Method};
use crate::answer::Answer;
use crate::proto::AuthenticateRequest;

/// Fetches a token when there is none, and anew when the server no longer takes it: tokens end after some minutes without use, and with a restart.
pub(crate) struct Credentials {
    user: String,
    password: String,
    token: Mutex<Option<Token>>,
}

/// What the server gave for user and password.
#[derive(Clone, PartialEq)]
pub(crate) struct Token(MetadataValue<Ascii>);

impl Token {
    pub(super) fn value(&self) -> MetadataValue<Ascii> {
        self.0.clone()
    }
}

impl Credentials {
    pub(crate) const fn new(user: String, password: String) -> Self {
        Self { user, password, token: Mutex::new(None) }
    }

    /// The token; none from a server that asks for none.
    pub(super) async fn token(&self, server: &Server) -> Result<Option<Token>, Answer> {
        let kept = self.token.lock().clone();
        if kept.is_some() {
            return Ok(kept);
        }
        let question = AuthenticateRequest { name: self.user.clone(), password: self.password.clone() };
        match Method::AUTHENTICATE.call(server.channel(), call::request(Arc::new(question), None)).await {
            Ok(given) => {
                let token = MetadataValue::try_from(given.token).map(Token);
                let token = token.map_err(|_| Answer::NotEtcd("its token is no text".into()))?;
                *self.token.lock() = Some(token.clone());
                Ok(Some(token))
            }
            Err(status) if asks_for_none(&status) => Ok(None),
            Err(status) => Err(unsent(Answer::of(&status))),
        }
    }

    /// Forgets whatever token there is.
    pub(super) fn forget_any(&self) {
        *self.token.lock() = None;
    }

    /// Forgets a token that was not taken, unless it has been replaced since.
    pub(super) fn forget(&self, refused: Option<&Token>) {
        let mut token = self.token.lock();
        if token.as_ref() == refused {
            *token = None;
        }
    }
}

/// Whether the server has no users.
fn asks_for_none(status: &Status) -> bool {
    status.code() == Code::FailedPrecondition && status.message().contains("authentication is not enabled")
}

/// Whatever became of the question for a token: what it was asked for has not been sent.
fn unsent(answer: Answer) -> Answer {
    match answer {
        Answer::Open(what) => Answer::NotSent(format!("no token was given: {what}")),
        other => other,
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("user", &self.user).finish_non_exhaustive()
    }
}
