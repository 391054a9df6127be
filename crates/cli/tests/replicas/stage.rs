//! Servers, replicas, history and journal, and what is done to them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::runtime::Runtime;
use trimtab::seams::Seams;
use trimtab_test_servers::{Ports, pause, until};

use crate::checks::{Name, unlike, unreached};
use crate::fault::{Fault, Happening, Planned};
use crate::history::History;
use crate::load::{Load, Writes};
use crate::numbers::Numbers;
use crate::replica::{LED, Replica, SHARED, Setting};
use crate::store::{Servers, Which};
use crate::time::Moment;

const NAMES: [&str; 3] = ["a", "b", "c"];
/// What was done while there was load.
pub(crate) struct Acted {
    pub(crate) writes: Writes,
    pub(crate) faults: Vec<Fault>,
    /// When the writers were told to stop.
    pub(crate) until: Moment,
}

/// How long the beginning and the end may take, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

pub(crate) struct Stage {
    pub(crate) setting: Setting,
    pub(crate) history: History,
    pub(crate) replicas: Vec<Replica>,
    pub(crate) names: Vec<Name>,
    servers: Servers,
    /// Of the history's followers.
    _runtime: Runtime,
    _ports: Ports,
}

impl Stage {
    /// Starts everything. None where servers cannot be built.
    pub(crate) fn set(which: Which, numbers: &Numbers) -> Option<Self> {
        let servers = Servers::start(which, NAMES.len())?;
        let folder = folder(which, numbers.seed);
        let setting = Setting { folder, ttl: numbers.ttl };
        fs::write(setting.journal(), "").expect("a journal");
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let seams = Seams::tokio();
        let history =
            runtime.block_on(async { History::follow(&servers.backend().await, &[LED, SHARED], &seams) });
        let ports = Ports::take();
        let replica = |(number, name): (usize, &&'static str)| {
            let port = ports.get(u16::try_from(number).expect("few"));
            Replica::new(&setting, name, &servers.url(number), port)
        };
        let mut replicas: Vec<_> = NAMES.iter().enumerate().map(replica).collect();
        replicas.iter_mut().for_each(Replica::start);
        let name = |n: u32| {
            let kind = if n.is_multiple_of(2) { LED } else { SHARED };
            (kind.to_owned(), format!("entry-{:04}", n / 2))
        };
        let names = (0..numbers.entries).map(name).collect();
        Some(Self { setting, history, replicas, names, servers, _runtime: runtime, _ports: ports })
    }

    /// Declares all entries, and waits until each is as declared.
    pub(crate) fn declare(&mut self) {
        let declared = until(PATIENCE, || self.replicas[0].declare_all(&self.names).is_ok());
        assert!(declared, "nothing can be declared; see {}", self.setting.folder.display());
        self.settle();
    }

    /// Waits until all is as declared and every view shows it. What is not then is for the checks to tell.
    pub(crate) fn settle(&mut self) {
        until(PATIENCE, || {
            pause(Duration::from_millis(300));
            let history = self.history.changes();
            let shows = |replica: &Replica| {
                replica.view().is_some_and(|view| unlike(&history, replica.name, &view).is_empty())
            };
            unreached(&history, self.names.len()).is_empty() && self.replicas.iter().all(shows)
        });
    }

    /// Writes for as long as the faults take, and then for the rest of the time.
    pub(crate) fn act(&mut self, numbers: &Numbers, planned: &[Planned]) -> Acted {
        let stop = AtomicBool::new(false);
        let names = self.names.clone();
        let replicas: Vec<_> =
            self.replicas.iter().map(|replica| (replica.name, replica.api.clone())).collect();
        let load = Load { seed: numbers.seed, names: &names, replicas: &replicas, rate: numbers.rate };
        let begun = Moment::now();
        std::thread::scope(|scope| {
            let writes = scope.spawn(|| load.run(&stop));
            // Should this thread panic, the writers must end all the same.
            let faults = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                let faults = planned.iter().map(|planned| {
                    wait_until(begun + planned.at);
                    let fault = self.strike(planned);
                    println!(
                        "  {:>6} {fault}, until {}",
                        seconds(fault.from, begun),
                        seconds(fault.until, begun)
                    );
                    fault
                });
                let faults: Vec<_> = faults.collect();
                wait_until(begun + numbers.load);
                faults
            }));
            let until = Moment::now();
            stop.store(true, Ordering::Relaxed);
            let writes = writes.join().expect("writers");
            let faults = faults.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            Acted { writes, faults, until }
        })
    }

    /// Does it, and undoes it after its time.
    fn strike(&mut self, planned: &Planned) -> Fault {
        let holder = self.history.holder(LED);
        let leading = NAMES.iter().position(|name| Some(*name) == holder.as_deref()).unwrap_or(0);
        let at = if planned.leading { leading } else { (leading + 1) % NAMES.len() };
        let member = (planned.what == Happening::StoreKilled).then(|| self.servers.leader());
        let life = member.is_none().then(|| self.replicas[at].life());
        let from = Moment::now();
        match planned.what {
            Happening::Killed => self.replicas[at].kill(),
            Happening::StoreKilled => member.into_iter().for_each(|member| self.servers.kill(member)),
            Happening::CutOff => self.servers.cut(at),
            Happening::Unheard => self.servers.black_hole(at),
            Happening::HeldUp => self.servers.hold_up(at),
            Happening::Frozen => self.replicas[at].freeze(),
        }
        pause(planned.lasts);
        match planned.what {
            Happening::Killed => self.replicas[at].start(),
            Happening::StoreKilled => member.into_iter().for_each(|member| self.servers.restart(member)),
            Happening::CutOff | Happening::Unheard | Happening::HeldUp => self.servers.mend(at),
            Happening::Frozen => self.replicas[at].thaw(),
        }
        Fault { what: planned.what, life, member, from, until: Moment::now() }
    }
}

/// What is looked at when something was wrong.
fn folder(which: Which, seed: u64) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("replicas-{}-{seed}", which.name()));
    // Of an earlier run with the same seed.
    drop(fs::remove_dir_all(&folder));
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

fn wait_until(moment: Moment) {
    pause(moment.since(Moment::now()));
}

/// For people.
pub(crate) fn seconds(moment: Moment, begun: Moment) -> String {
    format!("{:.1} s", moment.since(begun).as_secs_f64())
}
