//! The server's JSON gateway, through which tests do what the crate under test has no call for.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::http;

pub(super) fn encoded(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

pub(super) fn call(
    port: u16,
    path: &str,
    token: Option<&str>,
    request: &Value,
    within: Duration,
) -> Result<Value, String> {
    let (status, body) = http::post(port, &format!("/v3/{path}"), token, &request.to_string(), within)
        .map_err(|error| format!("{path}: {error}"))?;
    if status == 200 {
        serde_json::from_str(&body).map_err(|error| format!("{path}: {error} in {body}"))
    } else {
        Err(format!("{path}: {status}: {body}"))
    }
}
