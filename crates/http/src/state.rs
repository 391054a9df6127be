//! What lives between requests.

use std::sync::Arc;

use crate::bodies::Bodies;
use crate::pages::Pages;
use crate::stopping::Stopping;
use crate::traffic::Traffic;
use crate::watch::Streams;

/// What lives between requests. Each part has its own lock.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) streams: Streams,
    pub(crate) bodies: Bodies,
    pub(crate) pages: Arc<Pages>,
    pub(crate) stopping: Arc<Stopping>,
    pub(crate) traffic: Arc<Traffic>,
}
