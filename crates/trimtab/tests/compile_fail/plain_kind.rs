use trimtab::prelude::*;

struct Plain;

fn main() {
    let _ = Source::of::<Plain>();
}
