//! The seams together, as they are handed from a store to all that stands on it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use crate::real::{OsRandom, RealClock, TokioSpawn};
use crate::{Clock, Instant, Random, Spawn, Timer};

/// Clock, randomness and spawning. Cheap to clone. Given once, when a store is opened; everything above inherits it.
#[derive(Clone)]
pub struct Seams {
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    spawn: Arc<dyn Spawn>,
}

impl Seams {
    /// The real world: the monotonic clock with one timer thread for the process, the system's random source, tokio's tasks.
    ///
    /// Called inside a tokio runtime, tasks are started there from whatever thread asks; called outside, tasks can only be started
    /// from inside one.
    ///
    /// # Panics
    /// Not here; but [`Seams::spawn`] panics when it was made outside a tokio runtime and is used outside one.
    pub fn tokio() -> Self {
        Self::new(RealClock, OsRandom, TokioSpawn::new())
    }

    /// Seams of your own.
    pub fn new(clock: impl Clock, random: impl Random, spawn: impl Spawn) -> Self {
        Self { clock: Arc::new(clock), random: Arc::new(random), spawn: Arc::new(spawn) }
    }

    /// The same with another clock.
    #[must_use]
    pub fn with_clock(self, clock: impl Clock) -> Self {
        Self { clock: Arc::new(clock), ..self }
    }

    /// The same with another random source.
    #[must_use]
    pub fn with_random(self, random: impl Random) -> Self {
        Self { random: Arc::new(random), ..self }
    }

    /// The same with another way to start tasks.
    #[must_use]
    pub fn with_spawn(self, spawn: impl Spawn) -> Self {
        Self { spawn: Arc::new(spawn), ..self }
    }

    /// The time on the monotonic clock. Costs about 25 ns on the real one: read it once per batch.
    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// The time of day.
    pub fn wall(&self) -> SystemTime {
        self.clock.wall()
    }

    /// 64 random bits.
    pub fn random(&self) -> u64 {
        self.random.next_u64()
    }

    /// 128 random bits, for uids and commit ids.
    pub fn random_bytes(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.random().to_le_bytes());
        bytes[8..].copy_from_slice(&self.random().to_le_bytes());
        bytes
    }

    /// A random duration below `bound`; zero when `bound` is zero.
    pub fn random_below(&self, bound: Duration) -> Duration {
        let bound = u64::try_from(bound.as_nanos()).unwrap_or(u64::MAX);
        let scaled = (u128::from(self.random()) * u128::from(bound)) >> 64;
        Duration::from_nanos(u64::try_from(scaled).unwrap_or(u64::MAX))
    }

    /// A new timer, set to never.
    pub fn timer(&self) -> Box<dyn Timer> {
        self.clock.timer()
    }

    /// Waits this long. Cancel safe.
    pub fn sleep(&self, duration: Duration) -> Sleep {
        self.sleep_until(self.now() + duration)
    }

    /// Waits until the clock has reached `at`. Cancel safe.
    pub fn sleep_until(&self, at: Instant) -> Sleep {
        let mut timer = self.timer();
        timer.reset(at);
        Sleep(timer)
    }

    /// Starts a task.
    ///
    /// # Panics
    /// With [`Seams::tokio`], outside a tokio runtime when the seams were made outside one too.
    pub fn spawn(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        self.spawn.spawn(name, Box::pin(task));
    }

    /// Starts work that blocks its thread.
    ///
    /// # Panics
    /// As [`Seams::spawn`].
    pub fn spawn_blocking(&self, name: &'static str, work: impl FnOnce() + Send + 'static) {
        self.spawn.spawn_blocking(name, Box::new(work));
    }

    /// Runs work that blocks on this thread, after telling the executor. See [`Spawn::block_in_place`].
    pub fn block_in_place<T>(&self, work: impl FnOnce() -> T) -> T {
        let mut work = Some(work);
        let mut result = None;
        self.spawn.block_in_place(&mut || result = work.take().map(|work| work()));
        result.expect("a `Spawn` must run the work given to `block_in_place` before it returns")
    }
}

impl fmt::Debug for Seams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seams").field("now", &self.now()).finish_non_exhaustive()
    }
}

/// The future of [`Seams::sleep`].
#[must_use = "a sleep waits only when it is awaited"]
pub struct Sleep(Box<dyn Timer>);

impl Sleep {
    /// Moves the end of the wait.
    pub fn reset(&mut self, at: Instant) {
        self.0.reset(at);
    }
}

impl Future for Sleep {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.poll_elapsed(cx)
    }
}

impl fmt::Debug for Sleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sleep")
    }
}
