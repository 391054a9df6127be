use std::future::pending;

use trimtab::queue::DeferQueue;

async fn twice(later: DeferQueue<u32>) {
    later.process(pending(), |_| {}).await;
    later.process(pending(), |_| {}).await;
}

fn main() {}
