//! Panics of authors' code, made into errors.
//!
//! A panic is caught where it happens, so the worker and all other keys go on (behaviour C12). Its message is in what was thrown; where it came
//! from is known only while it happens, so a panic hook, set once and passing on to the one before it, notes the place and the backtrace of
//! panics inside our calls, and of no others.

use std::any::Any;
use std::backtrace::Backtrace;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, Once};
use std::task::Poll;

/// A panic, as an error.
#[derive(Clone, Debug)]
pub(crate) struct Panicked {
    message: String,
    /// Place and backtrace, when the hook saw it.
    from: Option<Arc<(String, Backtrace)>>,
}

impl Panicked {
    /// The backtrace as text, or why there is none.
    pub(crate) fn backtrace(&self) -> String {
        self.from
            .as_ref()
            .map_or_else(|| "not seen: the panic hook was replaced".into(), |from| from.1.to_string())
    }
}

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "panicked: {}", self.message)?;
        self.from.as_ref().map_or(Ok(()), |from| write!(f, " at {}", from.0))
    }
}

impl std::error::Error for Panicked {}

thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
    static SEEN: RefCell<Option<(String, Backtrace)>> = const { RefCell::new(None) };
}

fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if INSIDE.get() {
                let place = info.location().map(ToString::to_string).unwrap_or_default();
                SEEN.set(Some((place, Backtrace::force_capture())));
            }
            before(info);
        }));
    });
}

/// Runs a call of an author's.
pub(crate) fn call<T>(work: impl FnOnce() -> T) -> Result<T, Panicked> {
    watch();
    let outer = INSIDE.replace(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    INSIDE.set(outer);
    result.map_err(|thrown| Panicked { message: message(&*thrown), from: SEEN.take().map(Arc::new) })
}

/// Polls a future of an author's to its end, or to its panic.
pub(crate) async fn future<T>(work: impl Future<Output = T>) -> Result<T, Panicked> {
    let mut work = pin!(work);
    poll_fn(|cx| match call(|| work.as_mut().poll(cx)) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(value)) => Poll::Ready(Ok(value)),
        Err(panicked) => Poll::Ready(Err(panicked)),
    })
    .await
}

fn message(thrown: &(dyn Any + Send)) -> String {
    let text = thrown.downcast_ref::<&'static str>().copied();
    let text = text.or_else(|| thrown.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("with a value that is no text").to_owned()
}
