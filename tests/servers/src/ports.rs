//! Ports of loopback that nobody else of ours uses.
//!
//! A free port that is given back before a server binds it may be another server's by then, of a test that runs beside; and then that one answers. So
//! ports come in blocks, each with a lock that is held as long as the block is used, by whatever process. They lie below those that the
//! system gives to connections.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};

use trimtab_seams::Seams;

/// Ports that belong to whoever holds this.
#[derive(Debug)]
pub struct Ports {
    first: u16,
    _lock: File,
}

const FIRST: u16 = 20_000;
const BLOCKS: u16 = 1000;

impl Ports {
    /// How many ports one block has.
    pub const EACH: u16 = 10;

    /// A block of which every port is free.
    ///
    /// # Panics
    /// When no block is.
    pub fn take() -> Self {
        let folder = std::env::temp_dir().join("trimtab-test-ports");
        fs::create_dir_all(&folder).expect("a folder for locks");
        let start = u16::try_from(Seams::tokio().random() % u64::from(BLOCKS)).expect("small");
        for block in (0..BLOCKS).map(|step| (start + step) % BLOCKS) {
            let lock = File::create(folder.join(block.to_string())).expect("a lock");
            if lock.try_lock().is_err() {
                continue;
            }
            let ports = Self { first: FIRST + block * Self::EACH, _lock: lock };
            if (0..Self::EACH)
                .all(|number| TcpListener::bind((Ipv4Addr::LOCALHOST, ports.get(number))).is_ok())
            {
                return ports;
            }
        }
        panic!("no ports are free from {FIRST} on");
    }

    /// A port of the block.
    ///
    /// # Panics
    /// When the block does not have so many.
    pub fn get(&self, number: u16) -> u16 {
        assert!(number < Self::EACH, "a block has {} ports", Self::EACH);
        self.first + number
    }
}
