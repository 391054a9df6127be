//! An API on a port of its own, and a client that speaks plain HTTP.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use trimtab_http::{Api, ApiBuilder, Serving};
use trimtab_runtime::{Manager, ManagerHandle};
use trimtab_seams::Seams;
use trimtab_store::{Memory, Store};

/// Nothing here takes longer, however busy the machine is.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A served API.
pub(crate) struct Stage {
    pub(crate) store: Store,
    pub(crate) address: String,
    stop: Option<oneshot::Sender<()>>,
    ended: oneshot::Receiver<()>,
}

/// An answer, whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Stage {
    /// An API over an empty store, without controllers.
    pub(crate) async fn new() -> Self {
        Self::with(|builder| builder).await
    }

    /// The same, built differently.
    pub(crate) async fn with(build: impl FnOnce(ApiBuilder) -> ApiBuilder) -> Self {
        Self::over(Store::open(Memory::new()).await.unwrap(), &Manager::new().handle(), build).await
    }

    /// Over this store and these controllers.
    pub(crate) async fn over(
        store: Store,
        manager: &ManagerHandle,
        build: impl FnOnce(ApiBuilder) -> ApiBuilder,
    ) -> Self {
        let api = build(Api::builder(&store, manager)).build();
        Self::serve(store, api, Serving::plain).await
    }

    pub(crate) async fn serve(store: Store, api: Api, serving: impl FnOnce(TcpListener) -> Serving) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (stop, stopped) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        let serving = serving(listener);
        store.seams().spawn("api", async move {
            api.serve(serving, async { drop(stopped.await) }).await;
            let _ = end.send(());
        });
        Self { store, address, stop: Some(stop), ended }
    }

    /// Asks it to stop.
    pub(crate) fn stop(&mut self) {
        drop(self.stop.take());
    }

    /// Waits until it has.
    pub(crate) async fn ended(&mut self) {
        within("the end", &mut self.ended).await.unwrap();
    }

    pub(crate) async fn connect(&self) -> Client {
        Client(BufReader::new(TcpStream::connect(&self.address).await.unwrap()))
    }

    /// One request on a connection of its own.
    pub(crate) async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        self.connect().await.ask(method, path, headers, body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], "").await
    }

    /// With a JSON body.
    pub(crate) async fn send(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.ask(method, path, &[("Content-Type", "application/json")], &body.to_string()).await
    }

    pub(crate) fn seams(&self) -> Seams {
        self.store.seams().clone()
    }
}

/// A connection that is kept.
pub(crate) struct Client(pub(crate) BufReader<TcpStream>);

impl Client {
    pub(crate) async fn ask(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut request = format!("{method} {path} HTTP/1.1\r\n");
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            request += "Host: 127.0.0.1\r\n";
        }
        for (name, value) in headers {
            request = format!("{request}{name}: {value}\r\n");
        }
        if !body.is_empty() {
            request = format!("{request}Content-Length: {}\r\n", body.len());
        }
        self.say(&format!("{request}\r\n{body}")).await;
        self.answer().await.unwrap_or_else(|| panic!("no answer to {method} {path}"))
    }

    pub(crate) async fn say(&mut self, text: &str) {
        // A server that has heard enough may have closed.
        let _ = self.0.get_mut().write_all(text.as_bytes()).await;
    }

    /// The next answer; none when the connection ends instead.
    pub(crate) async fn answer(&mut self) -> Option<Answer> {
        within("an answer", self.read()).await
    }

    /// The head of the next answer.
    pub(crate) async fn head(&mut self) -> Option<Answer> {
        let (mut status, mut headers) = (0, Vec::new());
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).await.ok()? == 0 {
                return None;
            }
            let line = line.trim_end();
            if let Some(rest) = line.strip_prefix("HTTP/1.1 ") {
                status = rest.get(..3)?.parse().ok()?;
            } else if let Some((name, value)) = line.split_once(": ") {
                headers.push((name.to_ascii_lowercase(), value.to_owned()));
            } else if line.is_empty() {
                return Some(Answer { status, headers, body: Vec::new() });
            }
        }
    }

    async fn read(&mut self) -> Option<Answer> {
        let mut answer = self.head().await?;
        if answer.header("transfer-encoding") == Some("chunked") {
            while let Some(chunk) = self.chunk().await.filter(|chunk| !chunk.is_empty()) {
                answer.body.extend(chunk);
            }
        } else {
            let length = answer.header("content-length").map_or(0, |length| length.parse().unwrap());
            answer.body = vec![0; length];
            self.0.read_exact(&mut answer.body).await.ok()?;
        }
        Some(answer)
    }

    /// The next chunk of a body; empty: the end of the body; none: the connection ended before.
    pub(crate) async fn chunk(&mut self) -> Option<Vec<u8>> {
        let mut size = String::new();
        self.0.read_line(&mut size).await.ok().filter(|read| *read > 0)?;
        let mut chunk = vec![0; usize::from_str_radix(size.trim(), 16).ok()? + 2];
        self.0.read_exact(&mut chunk).await.ok()?;
        chunk.truncate(chunk.len() - 2);
        Some(chunk)
    }
}

impl Answer {
    pub(crate) fn header(&self, wanted: &str) -> Option<&str> {
        self.headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Makes sure that it is this problem, and gives its document.
    pub(crate) fn problem(&self, status: u16, kind: &str) -> Value {
        assert_eq!(
            (self.status, self.header("content-type")),
            (status, Some("application/problem+json")),
            "{self:?}"
        );
        let problem = self.json();
        assert_eq!(
            (problem["type"].as_str(), problem["status"].as_u64()),
            (Some(format!("urn:trimtab:problem:{kind}").as_str()), Some(u64::from(status)))
        );
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.len() > 5), "{problem}");
        problem
    }
}

/// What comes of a future, which must not take for ever.
pub(crate) async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::select! {
        done = future => done,
        () = Seams::tokio().sleep(PATIENCE) => panic!("never came: {what}"),
    }
}
