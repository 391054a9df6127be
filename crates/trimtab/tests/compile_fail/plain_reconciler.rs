use trimtab::prelude::*;

struct Plain;

fn controller(store: &Store) -> Controller {
    Controller::new(store, Plain)
}

fn main() {}
