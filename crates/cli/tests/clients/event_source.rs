//! `EventSource`, as browsers have it: Node's, from the same standard and with the tests of the web platform.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use crate::daemon::Daemon;
use crate::has;

/// Follows `tick` as a page would, and says each number on a line; `reset` when it has to begin anew.
const PAGE: &str = r#"
const source = new EventSource(process.argv[1]);
setInterval(() => {}, 1000); // a page stays open, a process without work does not
source.addEventListener("end-of-snapshot", () => console.log("begun"));
source.addEventListener("reset", () => console.log("reset"));
source.addEventListener("change", ({ data }) => {
  for (const change of JSON.parse(data).changes) console.log(change.new.spec.n);
});
"#;

#[test]
fn an_event_source_comes_back_by_itself_and_misses_nothing() {
    let node = ["node", "--experimental-eventsource", "-e", "new EventSource('http://127.0.0.1:1').close()"];
    if !has("Node with EventSource", &node) {
        return;
    }
    let daemon = Daemon::start("[entries]\nwatch = false\n");
    let url = format!("http://{}/v1/watch?kind=tick", daemon.address);
    let mut page = Command::new("node")
        .args(["--experimental-eventsource", "--no-warnings", "-e", PAGE, &url])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(page.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert_eq!(lines.next().as_deref(), Some("begun"));
    for number in 1..=20 {
        assert!(daemon.tick(number));
    }
    let heard: Vec<String> = lines.by_ref().take(20).collect();
    assert_eq!(heard, (1..=20).map(|number| number.to_string()).collect::<Vec<_>>());
    // Node takes a body that breaks off for the end of it all, where browsers come back; a daemon that stops ends its streams as streams end.
    daemon.stop();
    daemon.restart();
    for number in 21..=40 {
        assert!(daemon.tick(number));
    }
    let heard: Vec<String> = lines.take(20).collect();
    assert_eq!(heard, (21..=40).map(|number| number.to_string()).collect::<Vec<_>>(), "without a reset");
    page.kill().unwrap();
    page.wait().unwrap();
}
