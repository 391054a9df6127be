//! The API of a replica, asked with bounds: whoever is frozen must not hold up who asks.

use std::time::Duration;

use serde_json::Value;
use ureq::Agent;
use ureq::http::Request;

/// Nobody who can answer takes longer.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Clone, Debug)]
pub(crate) struct Api {
    url: String,
    agent: Agent,
}

impl Api {
    pub(crate) fn at(port: u16) -> Self {
        let config = Agent::config_builder().timeout_global(Some(PATIENCE)).http_status_as_error(false);
        Self { url: format!("http://127.0.0.1:{port}"), agent: config.build().into() }
    }

    pub(crate) fn get(&self, path: &str) -> Result<Value, String> {
        self.send(Request::get(format!("{}{path}", self.url)), None)
    }

    pub(crate) fn ask(&self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        let request = Request::builder().method(method).uri(format!("{}{path}", self.url));
        self.send(request.header("Content-Type", "application/json"), Some(body))
    }

    /// The answer; or why there is none, or that it is a refusal.
    fn send(&self, request: ureq::http::request::Builder, body: Option<&Value>) -> Result<Value, String> {
        let body = body.map(Value::to_string).unwrap_or_default();
        let request = request.body(body).map_err(|error| error.to_string())?;
        let mut answer = self.agent.run(request).map_err(|error| error.to_string())?;
        let text = answer.body_mut().read_to_string().map_err(|error| error.to_string())?;
        if !answer.status().is_success() {
            return Err(format!("{}: {text}", answer.status()));
        }
        serde_json::from_str(&text).map_err(|error| error.to_string())
    }
}
