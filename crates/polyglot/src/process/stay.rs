//! Until when a run is not over, whatever became of its future: processes that were started for it are told to end, and end in their own time.

use std::convert::Infallible;

use tokio::sync::mpsc;

/// Held by each process group of a run until nobody of it is left.
#[derive(Clone, Debug)]
pub(crate) struct Stay {
    _held: mpsc::Sender<Infallible>,
}

impl Stay {
    /// A stay, and a future that ends when it and its clones are gone.
    pub(crate) fn new() -> (Self, impl Future<Output = ()> + Send + 'static) {
        let (held, mut gone) = mpsc::channel(1);
        let gone = async move {
            let None = gone.recv().await;
        };
        (Self { _held: held }, gone)
    }
}
