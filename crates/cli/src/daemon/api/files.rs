//! Tokens and certificate, read again when they change.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};
use trimtab::seams::Seams;
use trimtab_http::{Tls, Tokens};

use super::certificate::Validity;
use super::{Health, certificate, tokens};
use crate::config::{Certificate, Http};

/// A look is taken so long after the first sign of a change, ...
const QUIET: Duration = Duration::from_millis(100);
/// ... and this often without any: a certificate expires in silence, and not every file system tells.
const LOOK: Duration = Duration::from_secs(5);

/// The files, and what came of them.
#[derive(Clone)]
pub(super) struct Files {
    of_tokens: Option<PathBuf>,
    of_certificate: Option<Certificate>,
    pub(super) tokens: Tokens,
    tls: Arc<Mutex<Option<Tls>>>,
    /// What was said of a certificate that ends soon.
    soon: Arc<Mutex<Option<String>>>,
    health: Health,
}

impl Files {
    /// Not read yet: until [`Files::look`] nobody gets in.
    pub(super) fn new(http: &Http, health: &Health) -> Self {
        let tokens = if http.tokens.is_some() { Tokens::of(Vec::new()) } else { Tokens::none() };
        Self {
            of_tokens: http.tokens.clone(),
            of_certificate: http.certificate.clone(),
            tokens,
            tls: Arc::default(),
            soon: Arc::default(),
            health: health.clone(),
        }
    }

    /// What connections are made by, once there is a certificate that can be used.
    pub(super) fn tls(&self) -> Option<Tls> {
        self.tls.lock().clone()
    }

    /// Reads all of them, and tells what is newly wrong or newly well.
    pub(super) fn look(&self, now: SystemTime) {
        if let Some(path) = &self.of_tokens {
            let (granted, wrong) = tokens::read(path);
            self.tokens.replace(granted);
            self.tell("tokens", &wrong);
        }
        if let Some(files) = &self.of_certificate {
            let used = self.tls();
            let mut wrong = match certificate::load(files, used.as_ref()) {
                Ok(tls) => {
                    *self.tls.lock() = Some(tls);
                    Vec::new()
                }
                Err(what) if used.is_some() => vec![format!("{what}; the one from before stays in use")],
                Err(what) => vec![format!("{what}; the API is not served until that is mended")],
            };
            wrong.extend(self.expired(files, now));
            self.tell("certificate", &wrong);
        }
    }

    /// What is wrong once the certificate in use is not good any more. That it will be so soon is no fault yet, but said.
    fn expired(&self, files: &Certificate, now: SystemTime) -> Option<String> {
        let validity = certificate::validity(files, &self.tls()?, now);
        let soon = if let Validity::Ends(what) = &validity { Some(what.clone()) } else { None };
        if soon.is_some() && *self.soon.lock() != soon {
            tracing::warn!("certificate: {}", soon.as_deref().unwrap_or_default());
        }
        *self.soon.lock() = soon;
        match validity {
            Validity::Ended(what) => Some(what),
            Validity::Good | Validity::Ends(_) => None,
        }
    }

    fn tell(&self, part: &'static str, wrong: &[String]) {
        if !self.health.set(part, wrong.to_vec()) {
            return;
        }
        for what in wrong {
            tracing::error!("{part}: {what}");
        }
        if wrong.is_empty() {
            tracing::info!("{part}: well again");
        }
    }

    /// Looks again whenever something may have changed, for ever.
    pub(super) async fn follow(&self, seams: &Seams) {
        let changed = Arc::new(Notify::new());
        let _system = self.watch(&changed);
        loop {
            tokio::select! {
                () = changed.notified() => seams.sleep(QUIET).await,
                () = seams.sleep(LOOK) => {}
            }
            let (files, (done, looked)) = (self.clone(), oneshot::channel::<()>());
            let now = seams.wall();
            seams.spawn_blocking("look at tokens and certificate", move || {
                files.look(now);
                drop(done);
            });
            drop(looked.await);
        }
    }

    /// Their folders are watched: a file that is replaced, or a link that is turned elsewhere, is another file.
    fn watch(&self, changed: &Arc<Notify>) -> Option<RecommendedWatcher> {
        let certificate = self.of_certificate.iter().flat_map(|files| [&files.certificate, &files.key]);
        let folders: Vec<_> =
            self.of_tokens.iter().chain(certificate).filter_map(|path| path.parent()).collect();
        if folders.is_empty() {
            return None;
        }
        let changed = Arc::clone(changed);
        let on_event = move |event: notify::Result<Event>| {
            // Our own reading is told too.
            if !matches!(event, Ok(Event { kind: EventKind::Access(_), .. })) {
                changed.notify_one();
            }
        };
        let mut watcher = notify::recommended_watcher(on_event).ok()?;
        for folder in folders {
            let folder: &Path = folder;
            if let Err(error) = watcher.watch(folder, RecursiveMode::NonRecursive) {
                tracing::debug!(%error, folder = %folder.display(), "changes here are not told by the system");
            }
        }
        Some(watcher)
    }
}
