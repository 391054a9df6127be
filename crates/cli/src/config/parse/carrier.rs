//! `exec` and `webhook`: how a program in another language is reached.

use std::path::Path;

use super::super::fields::Fields;
use super::super::model::{Carrier, Command, Webhook};
use super::super::problem::Problems;
use super::path;

/// Of a table that has one of the two.
pub(super) fn carrier(
    folder: &Path,
    table: &mut Fields<'_, '_>,
    persistent: bool,
    problems: &mut Problems,
) -> Option<Carrier> {
    let exec = exec(table, problems).map(if persistent { Carrier::Persistent } else { Carrier::Exec });
    let webhook = table.text_or_table("webhook", problems);
    exec.or(webhook.and_then(|fields| webhook_of(folder, fields, problems)).map(Carrier::Webhook))
}

fn exec(table: &mut Fields<'_, '_>, problems: &mut Problems) -> Option<Command> {
    let exec = table.texts("exec", problems)?;
    if exec.value.first().is_none_or(String::is_empty) {
        problems.push(table.problem(&exec.place, "exec", "must name a program: `exec = [\"./program\"]`"));
        return None;
    }
    Some(Command { line: exec.line(), words: exec.value })
}

fn webhook_of(folder: &Path, mut fields: Fields<'_, '_>, problems: &mut Problems) -> Option<Webhook> {
    let line = fields.line();
    let url = fields.parsed("url", problems, webhook_url);
    let token_file = path(folder, &mut fields, "token_file", problems);
    let authority = path(folder, &mut fields, "authority", problems);
    fields.finish(problems);
    Some(Webhook { url: url?.value, token_file, authority, line })
}

fn webhook_url(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    match rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default()) {
        Some(authority) if authority.contains('@') => {
            Err("holds a user name or password, which would be told in logs; put a token into `token_file`"
                .into())
        }
        Some(authority) if !authority.is_empty() && !text.contains(char::is_whitespace) => {
            Ok(text.to_owned())
        }
        _ => Err(format!("`{text}` is not a URL such as `http://127.0.0.1:9000/reconcile`")),
    }
}
