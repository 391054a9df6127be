use serde::{Deserialize, Serialize};
use trimtab::prelude::*;

#[derive(Serialize, Deserialize)]
struct Site {}

impl Kind for Site {
    const KIND: &'static str = "site";
    type Status = ();
}

fn commit(store: &Store) {
    drop(store.commit(Site {}));
}

fn main() {}
