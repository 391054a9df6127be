//! Who could reach the API, and whether they would need a token.

use super::model::Config;
use super::problem::{Level, Problem};

/// What is wrong with where the API is to be served: an error when everybody could do everything, unless that is `allowed`; a warning when tokens would travel in the open.
pub(crate) fn exposure(config: &Config, allowed: bool) -> Option<Problem> {
    let http = &config.http;
    let address = http.listen.filter(|address| !address.ip().is_loopback())?;
    let problem = |level, what: String| {
        Some(Problem { level, ..http.listen_at.problem(&config.file, "http.listen", what) })
    };
    if http.tokens.is_none() {
        let level = if allowed { Level::Warning } else { Level::Error };
        let what = if allowed {
            format!("`{address}` can be reached from outside, and everybody who does may do everything")
        } else {
            format!(
                "`{address}` can be reached from outside, where everybody could do everything; write `[http] tokens = \"tokens\"` and make one by `trimtab token --role write --name me --append tokens`, listen on `127.0.0.1`, or start with `--insecure`"
            )
        };
        return problem(level, what);
    }
    if http.certificate.is_none() {
        let what = format!(
            "`{address}` can be reached from outside without TLS, so tokens can be read on their way; set `certificate` and `key`, or have a proxy that does it"
        );
        return problem(Level::Warning, what);
    }
    None
}
