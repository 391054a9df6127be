//! `Controller.WithLogger(logger)` of the seed, in a process of its own.
//!
//! It stood among the others once and failed now and then: what tracing knows of a place in the code - whether anybody listens there - is one for the process,
//! and another test that comes by first, with nobody listening, settles it for all. So this test listens before anything else runs.

mod log;

use std::sync::Arc;
use std::time::Duration;

use log::Log;
use trimtab::prelude::*;
use trimtab::seams::virtual_time;
use trimtab::{Draft, Memory};

/// `Controller.WithLogger(logger)`: what it logs lies in the span that is given.
#[test]
fn with_logger_is_a_span() {
    let log = Log::default();
    let lines = Arc::clone(&log.lines);
    tracing::subscriber::set_global_default(log).expect("the only one");
    virtual_time::run(1, async |seams| {
        let store = Store::builder(Memory::with_seams(&seams)).seams(&seams).open().await.unwrap();
        store.commit(Draft::json("api-gateway", "edge", &serde_json::json!({})).apply()).await.unwrap();
        let fails = reconcile_fn(async |_, _| Err("not today".into()));
        let controller = Controller::new(&store, fails)
            .subscribe(Source::kind("api-gateway"))
            .with_span(tracing::info_span!("of the edge"));
        controller.run(seams.sleep(Duration::from_millis(1))).await.unwrap();
    });
    assert!(lines.lock().contains(&"of the edge: a reconcile failed".to_owned()), "{:?}", lines.lock());
}
