use std::future::pending;

use trimtab::Controller;

async fn twice(controller: Controller) {
    let _ = controller.run(pending()).await;
    let _ = controller.run(pending()).await;
}

fn main() {}
