use std::rc::Rc;

use trimtab::prelude::*;

struct Counting;

impl Reconciler for Counting {
    async fn reconcile(&self, ctx: &Context, _: Request) -> Result<Action> {
        let shared = Rc::new(1);
        ctx.superseded().await;
        drop(shared);
        Ok(Action::done())
    }
}

fn main() {}
