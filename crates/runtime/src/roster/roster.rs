//! The roster, as one of its replicas keeps it.

use std::fmt;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use trimtab_backend::{
    Backend as _, Expect, Held, Holder, Invalid, LeaseError, LeaseSettings, Leases as _, Operation, Sighting,
    StoreLease, Transaction,
};
use trimtab_seams::{Instant, Seams};
use trimtab_store::Store;

use super::board::{Board, lease_of};
use super::{Replica, ReplicaState, ReplicaStatus};
use crate::task::{pause, race, unless};

/// How long what could not be taken out is left alone.
const FORGET_AGAIN: Duration = Duration::from_secs(1);

/// The replicas that follow a store, this one among them while its [`run`](Roster::run) goes on. A handle: cheap to clone, of use before, during and after that.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
/// use trimtab_runtime::{Replica, ReplicaState, Roster};
/// # use trimtab_store::{Memory, Store};
///
/// # let store = Store::open(Memory::new()).await?;
/// let me = Replica {
///     name: "host-1".into(),
///     version: env!("CARGO_PKG_VERSION").into(),
///     started: store.seams().wall().into(),
///     api: Some("http://10.0.0.1:7420".into()),
/// };
/// let roster = Roster::new(&store, me, Duration::from_secs(10))?;
/// let looking = roster.clone();
/// roster
///     .run(async move {
///         let there = looking.replicas();
///         assert_eq!((there.len(), there[0].state), (1, ReplicaState::Alive));
///     })
///     .await;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Roster(Arc<Shared>);

struct Shared {
    store: Store,
    leases: StoreLease,
    seams: Seams,
    id: String,
    me: Replica,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    board: Board,
    /// Another of the same name that was there before.
    namesake: Option<ReplicaStatus>,
    /// Why the leases cannot be watched, and why the own one is not had.
    watching: Option<String>,
    present: Option<String>,
}

impl Roster {
    /// A roster in this store for a replica that keeps its place by a lease of this TTL. The others hear of it once it [runs](Self::run).
    ///
    /// # Errors
    /// A TTL that is none.
    pub fn new(store: &Store, me: Replica, ttl: Duration) -> Result<Self, Invalid> {
        let seams = store.seams().clone();
        let leases = StoreLease::new(store.backend().clone(), &seams)
            .with_settings(LeaseSettings::with_ttl(ttl)?)
            .with_about(me.about());
        let id = format!("{:016x}", seams.random());
        Ok(Self(Arc::new(Shared { store: store.clone(), leases, seams, id, me, state: Mutex::default() })))
    }

    /// Takes part until `shutdown` ends, then takes this replica off. What stands in the store goes on being told to those who hold a handle.
    ///
    /// # Cancel safety
    /// Dropping the future leaves without a word: the others find out when the lease has run out.
    pub async fn run(&self, shutdown: impl Future<Output = ()> + Send) {
        race(Box::pin(self.0.attend(pin!(shutdown))), Box::pin(self.0.watch())).await;
    }

    /// The id of this replica, random and new with each start.
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// What this replica says of itself.
    pub fn me(&self) -> &Replica {
        &self.0.me
    }

    /// The replicas as they are seen from here, in order of their names. This one is always among them, and alive.
    pub fn replicas(&self) -> Vec<ReplicaStatus> {
        let Shared { id, me, state, .. } = &*self.0;
        let own = ReplicaStatus { id: id.clone(), replica: me.clone(), state: ReplicaState::Alive };
        let mut replicas: Vec<_> = state.lock().board.replicas().filter(|other| other.id != *id).collect();
        replicas.push(own);
        replicas.sort_by(|a, b| (&a.replica.name, &a.id).cmp(&(&b.replica.name, &b.id)));
        replicas
    }

    /// Who holds a lease, and since which epoch, as far as is known here; none also when its holder has been silent for its TTL.
    pub fn holder(&self, lease: &str) -> Option<Holder> {
        self.0.state.lock().board.holder(lease).cloned()
    }

    /// What is wrong with it, a line for each reason: another replica has the name of this one, or the store does not let it take part.
    pub fn reasons(&self) -> Vec<String> {
        let state = self.0.state.lock();
        let namesake = state.namesake.as_ref().map(|other| self.0.namesake_text(other));
        namesake.into_iter().chain(state.watching.clone()).chain(state.present.clone()).collect()
    }
}

impl Shared {
    /// Is there: acquires its lease, keeps it, comes back when it was taken for dead.
    async fn attend(&self, mut stop: Pin<&mut (impl Future<Output = ()> + Send)>) {
        let mut failures = 0;
        let lease = lease_of(&self.id);
        loop {
            let acquired = self.leases.acquire(&lease, &self.me.name);
            let Some(acquired) = unless(stop.as_mut(), acquired).await else { return };
            let error = match acquired {
                Ok(held) => {
                    (failures, self.state.lock().present) = (0, None);
                    let Some(error) = self.stay(held, stop.as_mut()).await else { return };
                    error
                }
                Err(error) => error,
            };
            if matches!(error, LeaseError::Lost { .. }) {
                tracing::warn!(
                    replica = self.me.name,
                    "this replica was silent for so long that it was taken off the roster; it comes back"
                );
                continue;
            }
            tracing::error!(replica = self.me.name, %error, failures, "this replica cannot be on the roster; trying again");
            self.state.lock().present = Some(format!("this replica is not on the roster: {error}"));
            if unless(stop.as_mut(), self.rest(&mut failures)).await.is_none() {
                return;
            }
        }
    }

    /// Keeps its place. None: it was asked to stop, and has left.
    async fn stay(
        &self,
        mut held: Held,
        mut stop: Pin<&mut (impl Future<Output = ()> + Send)>,
    ) -> Option<LeaseError> {
        loop {
            let renewed = async {
                self.seams.sleep_until(held.renew_at()).await;
                held.renew().await
            };
            match unless(stop.as_mut(), renewed).await {
                None => break,
                // The store may be away; nobody takes the lease over.
                Some(Ok(()) | Err(LeaseError::Unavailable(_))) => {}
                Some(Err(error)) => return Some(error),
            }
        }
        if let Err(error) = held.remove().await {
            tracing::warn!(replica = self.me.name, %error, "this replica could not take itself off the roster; it is shown as silent");
        }
        None
    }

    /// Looks at all leases, for ever.
    async fn watch(&self) {
        let (mut vigil, mut failures, mut not_before) = (self.leases.vigil(), 0, Instant::ORIGIN);
        loop {
            let news = vigil.news().await;
            let now = self.seams.now();
            let forgotten = {
                let mut state = self.state.lock();
                state.board.take(&vigil, now);
                state.watching =
                    news.as_ref().err().map(|error| format!("the roster cannot be read: {error}"));
                self.look_for_namesake(&mut state);
                state.board.forgotten(now)
            };
            match news {
                Ok(()) => failures = 0,
                Err(error) => {
                    tracing::error!(%error, failures, "the roster cannot be read; trying again");
                    self.rest(&mut failures).await;
                    continue;
                }
            }
            if now >= not_before {
                for dead in forgotten {
                    not_before = now + FORGET_AGAIN;
                    self.forget(&dead).await;
                }
            }
        }
    }

    /// Takes the record of a dead one out of the store. All who live try, and one is first.
    async fn forget(&self, dead: &Sighting) {
        let Holder { name, epoch } = &dead.holder;
        // A life that goes on after all finds its lease lost and takes another.
        let delete = Operation::Delete { key: dead.key(), expect: Expect::At(*epoch) };
        if let Err(error) = self.store.backend().commit(Transaction::of([delete])).await {
            tracing::debug!(replica = name, %error, "a silent replica was not taken off the roster");
        } else {
            tracing::info!(replica = name, "a replica that has been silent was taken off the roster");
        }
    }

    fn look_for_namesake(&self, state: &mut State) {
        let namesake = state.board.namesake(&self.id);
        let id = |of: &Option<ReplicaStatus>| of.as_ref().map(|other| other.id.clone());
        if id(&namesake) != id(&state.namesake) {
            if let Some(other) = &namesake {
                tracing::warn!("{}", self.namesake_text(other));
            } else {
                tracing::info!(replica = self.me.name, "no other replica has the name of this one any more");
            }
        }
        state.namesake = namesake;
    }

    fn namesake_text(&self, other: &ReplicaStatus) -> String {
        let Replica { started, api, .. } = &other.replica;
        let at = api.as_ref().map(|api| format!(" at {api}")).unwrap_or_default();
        format!(
            "another replica, started {started}{at}, is called `{}` too; give each a name of its own, or nobody can tell which of them leads what",
            self.me.name
        )
    }

    async fn rest(&self, failures: &mut u32) {
        let delay = pause(&self.seams, Duration::from_millis(500), Duration::from_secs(60), *failures);
        *failures = failures.saturating_add(1);
        self.seams.sleep(delay).await;
    }
}

impl fmt::Debug for Roster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Roster").field("id", &self.0.id).field("me", &self.0.me).finish_non_exhaustive()
    }
}
