//! 1: hello, over the durable store, in real time.

use std::error::Error;
use std::path::Path;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use trimtab::prelude::*;

#[derive(Serialize, Deserialize)]
struct Greeting {
    to: String,
}

impl Kind for Greeting {
    const KIND: &'static str = "greeting";
    type Status = ();
}

async fn program(path: &Path, shutdown: impl Future<Output = ()> + Send) -> Result<(), Box<dyn Error>> {
    let store = trimtab::open(path).await?;
    store.commit(Greeting { to: "world".into() }.named("first").apply()).await?;
    let hello = reconcile_fn(async |ctx, request| {
        if let Some(greeting) = ctx.get::<Greeting>(&request)? {
            say(format!("hello, {}", greeting.spec.to));
        }
        Ok(Action::done())
    });
    Controller::new(&store, hello).subscribe(Source::of::<Greeting>()).run(shutdown).await?;
    Ok(())
}

static SAID: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn say(line: String) {
    SAID.lock().push(line);
}

#[tokio::test]
async fn hello_greets_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let greeted = async {
        while SAID.lock().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    program(&folder.path().join("hello-data"), greeted).await.unwrap();
    assert_eq!(*SAID.lock(), ["hello, world"]);
}
