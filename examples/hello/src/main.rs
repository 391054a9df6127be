//! The smallest controller: for each greeting, at the start and whenever one changes, it says hello. `cargo run --package hello`, then Ctrl-C.
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

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let store = trimtab::open("target/hello-data").await?;
    store.commit(Greeting { to: "world".into() }.named("first").apply()).await?;
    let hello = reconcile_fn(async |ctx, request| {
        if let Some(greeting) = ctx.get::<Greeting>(&request)? {
            println!("hello, {}", greeting.spec.to);
        }
        Ok(Action::done())
    });
    Ok(Controller::new(&store, hello).subscribe(Source::of::<Greeting>()).run(trimtab::interrupted()).await?)
}
