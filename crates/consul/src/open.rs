//! Which store lies under the prefix; made when there is none.

use http::Method;
use serde::{Deserialize, Serialize};
use trimtab_backend::{FollowError, StoreId, Uid};

use crate::ConnectError;
use crate::core::{Core, Store};
use crate::listing::encode_floor;
use crate::wire::{Entry, Op, Trouble, refusal};

/// The newest format that this version reads and the one that it writes.
const FORMAT: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Meta {
    store: String,
    format: u32,
}

impl Core {
    /// Finds out whether it is Consul that answers, and which store lies there.
    pub(crate) async fn connect(&self) -> Result<(), ConnectError> {
        let asked = self.ask(
            Method::GET,
            "/v1/status/leader".into(),
            bytes::Bytes::new(),
            self.settings.timeout,
            true,
        );
        let said = asked.await.map_err(|trouble| match trouble {
            Trouble::Unavailable { what, .. } | Trouble::Open(what) => ConnectError::Unreachable { what },
            other => ConnectError::of_follow(other.of_a_read()),
        })?;
        let text = String::from_utf8_lossy(&said.body[..said.body.len().min(200)]).into_owned();
        let not_consul = |what| Err(ConnectError::NotConsul { what });
        match said.status.as_u16() {
            200 => match serde_json::from_slice::<String>(&said.body) {
                Ok(leader) if leader.is_empty() => {
                    return Err(ConnectError::NoLeader { what: "it names none".into() });
                }
                Ok(_) => {}
                Err(_) => return not_consul(format!("asked for its leader it says {text:?}")),
            },
            400 if text.contains("HTTPS") => {
                return not_consul(format!("{text:?}; it wants `https://`"));
            }
            403 | 429 | 500..=599 => {
                return Err(ConnectError::of_follow(
                    refusal(said.status, &said.headers, &said.body).of_a_read(),
                ));
            }
            code => return not_consul(format!("asked for its leader it says {code} {text:?}")),
        }
        self.open().await
    }

    /// Reads which store it is; makes one where nothing is.
    pub(crate) async fn open(&self) -> Result<(), ConnectError> {
        // Somebody else may make it at the same time.
        for _ in 0..3 {
            if let Some(store) = self.present().await? {
                self.adopt(store);
                return Ok(());
            }
            self.make().await?;
        }
        Err(ConnectError::Unavailable { what: format!("`{}` is there and is not", self.layout.meta()) })
    }

    async fn present(&self) -> Result<Option<Store>, ConnectError> {
        let keys = [self.layout.meta(), self.layout.floor()];
        let found = self.read(&keys.clone().map(Op::Get)).await.map_err(ConnectError::of_follow)?;
        let entry = |key: &String| {
            let found = found.results.iter().find(|entry| entry.key == *key);
            found.ok_or_else(|| ConnectError::Denied { what: unreadable(key) })
        };
        let (meta, floor) = (entry(&keys[0])?, entry(&keys[1])?);
        if !meta.exists() {
            return Ok(None);
        }
        let store = self.store_of(meta)?;
        if !floor.exists() {
            self.restore_floor().await?;
        }
        Ok(Some(store))
    }

    /// Somebody has removed the floor, and with it how far removed lanes had come: the new one is above all that anybody can have seen.
    async fn restore_floor(&self) -> Result<(), ConnectError> {
        let index = self.index_of(&self.layout.lanes()).await;
        let index = index.map_err(|trouble| ConnectError::of_follow(trouble.of_a_read()))?;
        let floor = Op::Cas { key: self.layout.floor(), index: 0, flags: 0, value: encode_floor(index) };
        self.create(&[floor]).await
    }

    /// Which store an entry of [`Layout::meta`](crate::layout::Layout::meta) names.
    pub(crate) fn store_of(&self, found: &Entry) -> Result<Store, ConnectError> {
        let in_use = |what: &str| ConnectError::PrefixInUse {
            prefix: self.layout.root().into(),
            what: format!("`{}` {what}", found.key),
        };
        let meta: Meta =
            serde_json::from_slice(&found.value).map_err(|_| in_use("does not say which store it is"))?;
        if meta.format > FORMAT {
            let (key, found) = (found.key.clone(), meta.format);
            return Err(ConnectError::NewerFormat { key, found, supported: FORMAT });
        }
        let id: Uid = meta.store.parse().map_err(|_| in_use("names no store"))?;
        Ok(Store { id: StoreId::new(*id.as_bytes()), at: found.modified })
    }

    async fn make(&self) -> Result<(), ConnectError> {
        let root = self.layout.root().to_owned();
        let there = self.list(&root, None, std::time::Duration::ZERO).await;
        let (there, _) = there.map_err(|trouble| ConnectError::of_follow(trouble.of_a_read()))?;
        if there.iter().any(|entry| entry.key == self.layout.meta()) {
            // Somebody was faster.
            return Ok(());
        }
        if let Some(other) = there.first() {
            let what = format!("`{}` is there, and `{}` is not", other.key, self.layout.meta());
            return Err(ConnectError::PrefixInUse { prefix: root, what });
        }
        let store = Uid::from_random(self.seams.random_bytes()).to_string();
        let meta = serde_json::to_vec(&Meta { store, format: FORMAT })
            .expect("a text and a number have a form in JSON");
        let create = |key, value| Op::Cas { key, index: 0, flags: 0, value };
        let operations =
            [create(self.layout.meta(), meta.into()), create(self.layout.floor(), encode_floor(0))];
        self.create(&operations).await
    }

    /// Writes what is there or not there already by somebody else's hand.
    async fn create(&self, operations: &[Op]) -> Result<(), ConnectError> {
        let answer = self.write(operations, true).await;
        let answer = answer.map_err(|trouble| ConnectError::of_commit(trouble.of_a_repeatable_write()))?;
        match answer.errors.iter().find_map(|error| crate::compose::trouble(&error.what)) {
            Some(trouble) => Err(ConnectError::of_commit(trouble)),
            // Whoever was first: it is read next.
            None => Ok(()),
        }
    }
}

/// What a key says that is in no answer, though it was asked for.
pub(crate) fn unreadable(key: &str) -> String {
    format!("this token may not read `{key}`; give it `key_prefix \"PREFIX/v1/\" {{ policy = \"write\" }}`")
}

/// The error of a read whose answer leaves out a key.
pub(crate) fn denied(key: &str) -> FollowError {
    FollowError::Denied { what: unreadable(key) }
}
