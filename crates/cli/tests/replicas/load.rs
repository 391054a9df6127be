//! Writers who declare new values, one after another, with whichever replica takes them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::json;
use trimtab::seams::{Random, Seeded};
use trimtab_test_servers::pause;

use crate::api::Api;
use crate::checks::Name;
use crate::time::Moment;

/// A write that a replica has said was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Acknowledged {
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) value: u64,
    pub(crate) by: String,
    pub(crate) at: Moment,
}

/// What became of the writes.
#[derive(Debug, Default)]
pub(crate) struct Writes {
    pub(crate) acknowledged: Vec<Acknowledged>,
    /// Why others were not, and how often.
    pub(crate) failures: BTreeMap<String, u32>,
}

pub(crate) struct Load<'a> {
    pub(crate) seed: u64,
    pub(crate) names: &'a [Name],
    /// The name and the API of each replica.
    pub(crate) replicas: &'a [(&'static str, Api)],
    /// Writes a second, of all writers together.
    pub(crate) rate: u32,
}

/// So many that one who waits for a frozen replica holds up few.
const WRITERS: u32 = 5;
/// Who has not answered is not asked for so long.
const AVOIDED: Duration = Duration::from_secs(2);

impl Load<'_> {
    /// Writes until told to stop. Each writer has entries of its own, whose values it alone makes grow.
    pub(crate) fn run(&self, stop: &AtomicBool) -> Writes {
        let writes = Mutex::new(Writes::default());
        std::thread::scope(|scope| {
            for number in 0..WRITERS {
                let writes = &writes;
                scope.spawn(move || self.write(number, stop, writes));
            }
        });
        writes.into_inner()
    }

    fn write(&self, number: u32, stop: &AtomicBool, writes: &Mutex<Writes>) {
        let random = Seeded::new(self.seed ^ u64::from(number) << 32);
        let below = |bound: usize| usize::try_from(random.next_u64() % bound as u64).expect("below a usize");
        let own: Vec<_> = self.names.iter().skip(number as usize).step_by(WRITERS as usize).collect();
        let mut values = vec![0; own.len()];
        let mut avoided = vec![Moment::default(); self.replicas.len()];
        let every = Duration::from_secs(1) * WRITERS / self.rate;
        let mut next = Moment::now();
        while !stop.load(Ordering::Relaxed) {
            let now = Moment::now();
            if now < next {
                pause(next.since(now));
            }
            // What was missed is not made up for.
            next = now.max(next) + every;
            let (chosen, first) = (below(own.len()), below(self.replicas.len()));
            let (kind, name) = own[chosen];
            values[chosen] += 1;
            let value = values[chosen];
            let body = json!({ "kind": kind, "name": name, "spec": { "value": value } });
            for turn in 0..self.replicas.len() {
                let replica = (first + turn) % self.replicas.len();
                if avoided[replica] > Moment::now() {
                    continue;
                }
                let (by, api) = &self.replicas[replica];
                match api.ask("PUT", &format!("/v1/entries/{kind}/{name}"), &body) {
                    Ok(_) => {
                        let (kind, name, by, at) = (kind.clone(), name.clone(), (*by).into(), Moment::now());
                        writes.lock().acknowledged.push(Acknowledged { kind, name, value, by, at });
                        break;
                    }
                    Err(why) => {
                        avoided[replica] = Moment::now() + AVOIDED;
                        *writes.lock().failures.entry(why).or_default() += 1;
                    }
                }
            }
        }
    }
}
