use serde::{Deserialize, Serialize};
use trimtab::prelude::*;

#[derive(Serialize, Deserialize)]
struct Site {}

impl Kind for Site {
    const KIND: &'static str = "site";
    type Status = ();
}

fn commit(ctx: &Context) {
    drop(ctx.commit(Site {}.named("blog")));
}

fn main() {}
