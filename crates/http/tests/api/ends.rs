//! The end of the daemon, and clients that could hold it up: none has asked for anything that would have to be finished.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use trimtab_http::{Api, Limits, Serving};
use trimtab_runtime::Manager;
use trimtab_store::{Memory, Store};

use crate::stage::{Client, Stage, within};
use crate::tls::Pair;

const NEVER: Duration = Duration::from_secs(24 * 60 * 60);

/// Served with these limits, by TLS or without.
async fn stage(limits: Limits, by_tls: bool) -> Stage {
    let store = Store::open(Memory::new()).await.unwrap();
    let api = Api::builder(&store, &Manager::new().handle()).limits(limits).build();
    let tls = Pair::until(2060).tls();
    let serving = |listener| if by_tls { Serving::tls(listener, &tls) } else { Serving::plain(listener) };
    Stage::serve(store, api, serving).await
}

async fn closed(client: &mut Client) {
    let mut rest = Vec::new();
    let read = client.0.read_to_end(&mut rest);
    let _ = within("the end of a connection", read).await;
}

#[tokio::test]
async fn who_has_asked_for_nothing_does_not_hold_up_the_end() {
    for by_tls in [false, true] {
        let mut stage = stage(Limits { drain: NEVER, header_time: NEVER, ..Limits::default() }, by_tls).await;
        let mut silent = stage.connect().await;
        let mut halting = stage.connect().await;
        // Of a request, or of a handshake, no more than the beginning.
        halting
            .0
            .get_mut()
            .write_all(if by_tls { b"\x16\x03\x01\x02" } else { b"GET /healthz HT" })
            .await
            .unwrap();
        stage.seams().sleep(Duration::from_millis(50)).await;
        stage.stop();
        stage.ended().await;
        closed(&mut silent).await;
        closed(&mut halting).await;
    }
}

#[tokio::test]
async fn a_handshake_that_never_ends_is_not_waited_for() {
    let stage = stage(Limits { header_time: Duration::from_millis(200), ..Limits::default() }, true).await;
    let mut client = stage.connect().await;
    client.0.get_mut().write_all(b"\x16\x03\x01\x02\x00\x01").await.unwrap();
    closed(&mut client).await;
}
