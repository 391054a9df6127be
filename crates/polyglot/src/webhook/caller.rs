//! Asking a server.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::HeaderValue;

use super::address::Address;
use super::bounds::Bounds;
use super::connect::Connector;
use super::exchange::{Question, Said};
use super::meaning::meaning;
use super::pool::Pool;
use super::token::Token;
use super::trust::trust;
use crate::Webhook;
use crate::call::Asking;
use crate::protocol::{Answer, Body};

/// Asks one server. Clones share its connections.
#[derive(Clone)]
pub(crate) struct Caller(Arc<Inner>);

struct Inner {
    connector: Connector,
    pool: Pool,
    token: Option<Token>,
}

impl Caller {
    /// # Errors
    /// What is wrong with the URL or the authority, in words.
    pub(crate) fn new(webhook: &Webhook) -> Result<Self, String> {
        let connector =
            Connector::new(Address::parse(&webhook.url)?, || trust(webhook.authority.as_deref()))?;
        let token = webhook.token.clone().map(Token::new);
        Ok(Self(Arc::new(Inner { connector, pool: Pool::default(), token })))
    }

    /// Asks, and waits for the answer no longer than it may take: to be reached, to read, to answer, all of it.
    ///
    /// Dropping the future closes the connection.
    pub(crate) async fn ask<T: Body>(&self, asking: Asking<'_>) -> Answer<T> {
        let Asking { seams, about, input, time, stay: _ } = asking;
        let said = self.said(about.controller, input, &Bounds::new(seams, time)).await;
        let answer = said.and_then(|said| meaning(said, seams.wall()));
        match answer {
            Ok(Answer::NotYet { words, after, said }) => {
                Answer::NotYet { words: self.named(&words), after, said }
            }
            Ok(Answer::Terminal { words, said }) => Answer::Terminal { words: self.named(&words), said },
            Ok(answer) => answer,
            Err(words) => Answer::Failed(self.named(&words)),
        }
    }

    async fn said(&self, controller: &str, input: Vec<u8>, bounds: &Bounds<'_>) -> Result<Said, String> {
        let Inner { connector, pool, token } = &*self.0;
        let question = Question {
            controller: HeaderValue::try_from(controller)
                .map_err(|_| "cannot be told the controller's name, which must be printable".to_owned())?,
            token: token.as_ref().map(Token::header).transpose()?,
            input: Bytes::from(input),
            connector,
            pool,
        };
        question.ask(bounds).await
    }

    fn named(&self, words: &str) -> String {
        format!("{} {words}", self.0.connector.address)
    }

    #[cfg(test)]
    pub(super) fn idle(&self) -> usize {
        self.0.pool.len()
    }
}

/// Its URL as it may be shown.
impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Caller").field(&format_args!("{}", self.0.connector.address)).finish()
    }
}
