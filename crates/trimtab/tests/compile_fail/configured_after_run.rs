use std::future::pending;

use trimtab::Controller;

async fn late(controller: Controller) {
    let running = controller.run(pending());
    let more = controller.with_workers(4);
    let _ = running.await;
    drop(more);
}

fn main() {}
