//! Requests to the HTTP API, with all that stands before its routes: whatever is sent, the answer is a success or a problem document of a known type, and never a defect.
//!
//! A request is written as curl would show it: a line of method and target, lines of headers, an empty line, a body.

use std::cell::RefCell;

use serde_json::{Value, json};
use tokio::runtime::Runtime;
use trimtab_http::Api;
use trimtab_http::fuzz_targets::{Answer, Routes};
use trimtab_http::wire::Problem;
use trimtab_runtime::{Action, Controller, Manager, Source, reconcile_fn};
use trimtab_store::{Draft, Memory, Store};

/// Requests to one API; then another one takes its place, so that what was written does not pile up.
const MOST: u32 = 5000;

thread_local! {
    static STAGE: RefCell<Option<Stage>> = const { RefCell::new(None) };
}

struct Stage {
    runtime: Runtime,
    routes: Routes,
    // What is enqueued is kept by it.
    _manager: Manager,
    left: u32,
}

impl Stage {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        let (routes, manager) = runtime.block_on(async {
            let store = Store::open(Memory::new()).await.expect("memory opens");
            for name in ["blog", "docs"] {
                let site = Draft::json("site", name, &json!({"port": 80})).label("tier", "web");
                store.commit(site.apply()).await.expect("memory commits");
            }
            let nothing = reconcile_fn(async |_, _| Ok(Action::done()));
            let sites = Controller::new(&store, nothing).named("sites").subscribe(Source::kind("site"));
            let manager = Manager::new().add(sites);
            (Routes::of(&Api::builder(&store, &manager.handle()).build()), manager)
        });
        Self { runtime, routes, _manager: manager, left: MOST }
    }
}

/// Sends the bytes as a request.
///
/// # Panics
/// When the answer is neither a success nor a problem document that tells its status.
pub fn http(bytes: &[u8]) {
    let Some((method, target, headers, body)) = request(bytes) else { return };
    let answer = STAGE.with_borrow_mut(|stage| {
        let Stage { runtime, routes, left, .. } = stage.get_or_insert_with(Stage::new);
        *left -= 1;
        let last = *left == 0;
        let answer = runtime.block_on(routes.answer(method, target, &headers, body));
        if last {
            *stage = None;
        }
        answer
    });
    if let Some(answer) = answer {
        is_right(&answer, method, &String::from_utf8_lossy(bytes));
    }
}

type Headers<'a> = Vec<(&'a str, &'a [u8])>;

fn request(bytes: &[u8]) -> Option<(&str, &str, Headers<'_>, &[u8])> {
    let mut rest = bytes;
    let mut line = || {
        let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        let line = &rest[..end];
        rest = rest.get(end + 1..).unwrap_or_default();
        line
    };
    let (method, target) = std::str::from_utf8(line()).ok()?.split_once(' ')?;
    let mut headers = Vec::new();
    loop {
        let header = line();
        if header.is_empty() {
            break;
        }
        let colon = header.iter().position(|byte| *byte == b':')?;
        headers.push((std::str::from_utf8(&header[..colon]).ok()?, header[colon + 1..].trim_ascii()));
    }
    // Nearly every change would be refused for its name alone.
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        headers.push(("host", b"localhost"));
    }
    Some((method, target, headers, rest))
}

fn is_right(answer: &Answer, method: &str, sent: &str) {
    let Answer { status, content_type, body } = answer;
    let text = String::from_utf8_lossy(body);
    // Its controllers have not begun, and it says so.
    if *status == 503 && text.starts_with("{\"ready\":false") {
        return;
    }
    assert!(*status < 500, "{sent:?}: {status} {text}");
    if *status < 400 {
        if content_type == "application/json" && method != "HEAD" {
            serde_json::from_slice::<Value>(body).unwrap_or_else(|error| panic!("{sent:?}: {error}: {text}"));
        }
        return;
    }
    assert_eq!(content_type, "application/problem+json", "{sent:?}: {status} {text}");
    if method != "HEAD" {
        let problem: Problem =
            serde_json::from_slice(body).unwrap_or_else(|error| panic!("{sent:?}: {error}: {text}"));
        assert_eq!(problem.status, *status, "{sent:?}");
        assert!(!problem.detail.is_empty() && !problem.title.is_empty(), "{sent:?}");
    }
}
