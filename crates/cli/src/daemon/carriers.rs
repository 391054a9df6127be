//! From the tables of the file to what reconcilers in other languages are told to be.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use trimtab_polyglot::{Carrier, Follow, Program, Settings, Watch, Webhook};

use super::environment::standing;
use crate::config;

/// The settings of a controller; `api` is where its programs reach the API, when it is served. The error is for people.
pub(super) fn settings(
    folder: &Path,
    table: &config::Controller,
    api: Option<&str>,
) -> Result<Settings, String> {
    let mut environment = standing(table, |name| std::env::var_os(name));
    environment.extend(api.map(|url| ("TRIMTAB_API".to_owned(), url.into())));
    let carrier = |carrier: &config::Carrier| carrier_of(folder, carrier, &environment);
    let watch = |watch: &config::Watch| {
        let follow = match &watch.follow {
            config::Follow::References { pointer, include } => {
                Follow::References { pointer: pointer.clone(), include: *include }
            }
            config::Follow::Owner => Follow::Owner,
            config::Follow::Map { carrier: of_map, timeout } => {
                Follow::Map { carrier: carrier(of_map)?, timeout: *timeout }
            }
        };
        Ok(Watch { kind: watch.kind.clone(), follow })
    };
    Ok(Settings {
        name: table.name.clone(),
        kind: table.kind.clone(),
        carrier: carrier(&table.carrier)?,
        workers: table.workers,
        timeout: table.timeout,
        backoff: (table.backoff.base, table.backoff.max),
        finalizer: table.finalizer,
        watches: table.watches.iter().map(watch).collect::<Result<_, String>>()?,
    })
}

fn carrier_of(
    folder: &Path,
    carrier: &config::Carrier,
    environment: &BTreeMap<String, OsString>,
) -> Result<Carrier, String> {
    let program = |command: &config::Command| Program {
        path: command.program(folder),
        arguments: command.words[1..].to_vec(),
        folder: folder.to_owned(),
        environment: environment.clone(),
    };
    Ok(match carrier {
        config::Carrier::Exec(command) => Carrier::Exec(program(command)),
        config::Carrier::Persistent(command) => Carrier::Persistent(program(command)),
        config::Carrier::Webhook(webhook) => {
            let read = |path: &std::path::PathBuf| {
                std::fs::read(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))
            };
            Carrier::Webhook(Webhook {
                url: webhook.url.clone(),
                token: webhook.token_file.clone(),
                authority: webhook.authority.as_ref().map(read).transpose()?,
            })
        }
    })
}
