//! The caller against servers that behave, and servers that do not.

mod bad_servers;
mod connections;
mod questions;
mod server;
mod tls;

use std::time::Duration;

use trimtab_seams::Seams;

use super::Caller;
use crate::Webhook;
use crate::call::Asking;
use crate::process::About;
use crate::protocol::{Answer, Output};

/// For what must come; nothing waits so long unless it fails.
const AMPLE: Duration = Duration::from_secs(30);
/// For what must not come.
const SHORT: Duration = Duration::from_millis(250);

fn caller(url: &str) -> Caller {
    Caller::new(&Webhook { url: url.into(), token: None, authority: None }).unwrap()
}

async fn ask(caller: &Caller, time: Duration) -> Answer<Output> {
    let seams = Seams::tokio();
    let about = About { controller: "sites", kind: "site", key: None };
    caller.ask(Asking { seams: &seams, about, input: b"{\"protocol\":1}\n".to_vec(), time, stay: None }).await
}

/// The words of the failure that asking comes to.
async fn failure(caller: &Caller, time: Duration) -> String {
    match ask(caller, time).await {
        Answer::Failed(words) => words,
        other => panic!("a failure, not {other:?}"),
    }
}

/// Asks, which must be a success.
async fn success(caller: &Caller) -> Output {
    match ask(caller, AMPLE).await {
        Answer::Success(output) => output,
        other => panic!("a success, not {other:?}"),
    }
}

/// Waits until something is so.
async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let seams = Seams::tokio();
    let end = seams.now() + AMPLE;
    while !is_so() {
        assert!(seams.now() < end, "{what} did not come");
        seams.sleep(Duration::from_millis(2)).await;
    }
}
