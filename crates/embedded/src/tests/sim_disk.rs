//! A disk that can lose power, fill up, fail and lie.
//!
//! kill -9 leaves the kernel's cache, so it proves nothing about syncs. Here, what was written since the last sync of a file is a list, and
//! when the power goes any subset of it is lost, with writes torn at 512 bytes.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::Mutex;
use redb::StorageBackend;
use trimtab_seams::{Random, Seeded};

use crate::disk::Files;

const SECTOR: usize = 512;

/// The disk. Clones are the same one.
#[derive(Clone, Debug)]
pub(super) struct SimDisk(Arc<Mutex<State>>);

/// What the disk does when it is asked to sync, or to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Temper {
    /// As it should.
    Sound,
    /// A sync does nothing and says that it was done.
    Lies,
    /// A sync fails.
    FailsSyncs,
    /// A write panics.
    Panics,
}

/// Whether one of so many draws falls.
pub(super) fn one_in(chance: &Seeded, many: u64) -> bool {
    chance.next_u64().is_multiple_of(many)
}

#[derive(Debug)]
struct State {
    files: BTreeMap<String, SimFile>,
    chance: Seeded,
    steps: u64,
    dies_at: u64,
    /// The file that was written when the power went.
    died_in: Option<String>,
    dead: bool,
    temper: Temper,
    /// Writes that still find space, in the files whose names begin so.
    space: Option<(&'static str, u64)>,
    syncs: u64,
}

#[derive(Clone, Debug, Default)]
struct SimFile {
    /// What a reader sees.
    live: Vec<u8>,
    /// What is there for certain.
    durable: Vec<u8>,
    pending: Vec<Change>,
}

#[derive(Clone, Debug)]
enum Change {
    Write(usize, Vec<u8>),
    Length(usize),
}

impl Change {
    fn apply(&self, to: &mut Vec<u8>) {
        match self {
            Self::Write(offset, data) => write_at(to, *offset, data),
            Self::Length(length) => set_length(to, *length),
        }
    }

    /// Some of its sectors.
    fn apply_torn(&self, to: &mut Vec<u8>, chance: &Seeded) {
        let Self::Write(offset, data) = self else { return self.apply(to) };
        let mut at = 0;
        while at < data.len() {
            let end = data.len().min((offset + at) / SECTOR * SECTOR + SECTOR - offset);
            if one_in(chance, 2) {
                write_at(to, offset + at, &data[at..end]);
            }
            at = end;
        }
    }
}

/// As `resize`, which without optimisation writes byte by byte.
fn set_length(bytes: &mut Vec<u8>, length: usize) {
    if length > bytes.len() {
        let mut longer = vec![0; length];
        longer[..bytes.len()].copy_from_slice(bytes);
        *bytes = longer;
    }
    bytes.truncate(length);
}

fn write_at(bytes: &mut Vec<u8>, offset: usize, data: &[u8]) {
    if offset + data.len() > bytes.len() {
        set_length(bytes, offset + data.len());
    }
    bytes[offset..offset + data.len()].copy_from_slice(data);
}

impl SimFile {
    fn sync(&mut self) {
        for change in self.pending.drain(..) {
            change.apply(&mut self.durable);
        }
    }

    /// What is found when the power is back.
    fn after_power_loss(&self, chance: &Seeded) -> Self {
        let mut found = self.durable.clone();
        let way = chance.next_u64() % 4;
        for change in &self.pending {
            match (way, chance.next_u64() % 4) {
                (0, _) | (1, 0) | (2, 0 | 1) => {}
                (1, 1) | (2, 2) => change.apply_torn(&mut found, chance),
                _ => change.apply(&mut found),
            }
        }
        Self { live: found.clone(), durable: found, pending: Vec::new() }
    }
}

impl SimDisk {
    pub(super) fn new(seed: u64) -> Self {
        Self::of(BTreeMap::new(), seed)
    }

    fn of(files: BTreeMap<String, SimFile>, seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State {
            files,
            chance: Seeded::new(seed),
            steps: 0,
            dies_at: u64::MAX,
            died_in: None,
            dead: false,
            temper: Temper::Sound,
            space: None,
            syncs: 0,
        })))
    }

    /// The power goes at this many further steps: writes, changes of length, syncs and renames count one each.
    pub(super) fn die_in(&self, steps: u64) {
        let mut state = self.0.lock();
        state.dies_at = state.steps + steps;
    }

    /// The power goes now.
    pub(super) fn die(&self) {
        self.0.lock().dead = true;
    }

    pub(super) fn is_dead(&self) -> bool {
        self.0.lock().dead
    }

    pub(super) fn died_in(&self) -> Option<String> {
        self.0.lock().died_in.clone()
    }

    /// The disk as it is found when the power is back, with the same fault of character.
    pub(super) fn restart(&self) -> Self {
        let state = self.0.lock();
        let found = |(name, file): (&String, &SimFile)| (name.clone(), file.after_power_loss(&state.chance));
        let disk = Self::of(state.files.iter().map(found).collect(), state.chance.next_u64());
        disk.set_temper(state.temper);
        disk
    }

    pub(super) fn set_temper(&self, temper: Temper) {
        self.0.lock().temper = temper;
    }

    /// After so many further writes there is no space, for files whose names begin so.
    pub(super) fn fill(&self, prefix: &'static str, after: u64) {
        self.0.lock().space = Some((prefix, after));
    }

    /// There is space again. True: it was wanted meanwhile.
    pub(super) fn free(&self) -> bool {
        self.0.lock().space.take().is_some_and(|(_, left)| left == 0)
    }

    /// How many syncs something takes.
    pub(super) fn syncs_of(&self, act: impl FnOnce()) -> u64 {
        let before = self.0.lock().syncs;
        act();
        self.0.lock().syncs - before
    }

    /// A copy of the bytes of a file.
    pub(super) fn bytes(&self, name: &str) -> Vec<u8> {
        self.0.lock().files[name].live.clone()
    }

    /// Puts bytes in the place of a file.
    pub(super) fn put(&self, name: &str, bytes: Vec<u8>) {
        let file = SimFile { durable: bytes.clone(), live: bytes, pending: Vec::new() };
        self.0.lock().files.insert(name.into(), file);
    }

    /// Takes a file away.
    pub(super) fn lose(&self, name: &str) {
        self.0.lock().files.remove(name);
    }

    /// The same files on another disk.
    pub(super) fn copy(&self) -> Self {
        Self::of(self.0.lock().files.clone(), 0)
    }
}

fn no_power() -> io::Error {
    io::Error::other("the power is off")
}

impl State {
    /// Counts a step. True: it is the last one.
    fn step(&mut self, name: &str) -> io::Result<bool> {
        if self.dead {
            return Err(no_power());
        }
        self.steps += 1;
        self.dead = self.steps >= self.dies_at;
        if self.dead {
            self.died_in = Some(name.into());
        }
        Ok(self.dead)
    }

    /// Does something, or as the last thing before the power goes perhaps does it.
    fn last_words<T>(&mut self, dies: bool, act: impl FnOnce(&mut Self) -> T) -> io::Result<T> {
        if !dies {
            return Ok(act(self));
        }
        if one_in(&self.chance, 2) {
            act(self);
        }
        Err(no_power())
    }

    fn change(&mut self, name: &str, change: Change) -> io::Result<()> {
        let dies = self.step(name)?;
        self.last_words(dies, |state| {
            let file = state.files.entry(name.into()).or_default();
            change.apply(&mut file.live);
            file.pending.push(change);
        })
    }
}

impl Files for SimDisk {
    fn path(&self, name: &str) -> PathBuf {
        PathBuf::from(format!("sim/{name}"))
    }

    fn exists(&self, name: &str) -> io::Result<bool> {
        Ok(self.0.lock().files.contains_key(name))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn StorageBackend>> {
        self.0.lock().files.entry(name.into()).or_default();
        Ok(Box::new(SimHandle { disk: self.clone(), name: name.into() }))
    }

    fn publish(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.0.lock();
        let dies = state.step(to)?;
        state.last_words(dies, |state| {
            let file = state.files.remove(from).unwrap_or_default();
            state.files.insert(to.into(), file);
        })
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.0.lock();
        let dies = state.step(name)?;
        state.last_words(dies, |state| drop(state.files.remove(name)))
    }
}

#[derive(Debug)]
struct SimHandle {
    disk: SimDisk,
    name: String,
}

impl StorageBackend for SimHandle {
    fn len(&self) -> io::Result<u64> {
        Ok(self.disk.0.lock().files[&self.name].live.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.disk.0.lock();
        if state.dead {
            return Err(no_power());
        }
        let from = usize::try_from(offset).expect("small");
        let found = state.files[&self.name].live.get(from..from + out.len());
        out.copy_from_slice(found.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.disk.0.lock().change(&self.name, Change::Length(usize::try_from(len).expect("small")))
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.disk.0.lock();
        let dies = state.step(&self.name)?;
        state.syncs += 1;
        if state.temper == Temper::FailsSyncs {
            return Err(io::Error::other("the disk does not answer"));
        }
        if state.temper == Temper::Lies {
            return state.last_words(dies, |_| ());
        }
        state.last_words(dies, |state| state.files.get_mut(&self.name).expect("open").sync())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.disk.0.lock();
        assert!(state.temper != Temper::Panics, "a bug below");
        if let Some((prefix, left)) = &mut state.space
            && self.name.starts_with(*prefix)
        {
            if *left == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            *left -= 1;
        }
        state.change(&self.name, Change::Write(usize::try_from(offset).expect("small"), data.to_vec()))
    }
}
