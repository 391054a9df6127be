//! Ways of doing the same work, measured in short slices that take turns: what else the machine does falls on all of them alike.

use std::fmt::Write as _;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use trimtab_seams::{Instant, Seams};

use crate::Cpu;

/// What a slice came to.
#[derive(Clone, Copy, Debug)]
pub struct Did {
    /// How often it was done.
    pub times: f64,
    /// How often in a second.
    pub rate: f64,
    /// The processor time of all of it.
    pub cpu: Cpu,
}

/// What each way came to, slice by slice.
#[derive(Debug)]
pub struct Slices {
    ways: Vec<(&'static str, Vec<Did>)>,
}

impl Slices {
    /// Measures `rounds` slices of each way. Each round begins with another one.
    pub fn measure(
        ways: &[&'static str],
        rounds: usize,
        mut slice: impl FnMut(&'static str, usize) -> Did,
    ) -> Self {
        let mut slices = Self { ways: ways.iter().map(|way| (*way, Vec::new())).collect() };
        for round in 0..rounds {
            for turn in 0..ways.len() {
                let (way, did) = &mut slices.ways[(round + turn) % ways.len()];
                did.push(slice(way, round));
            }
        }
        slices
    }

    /// Each way's median rate and its processor time, here and in the servers; for each pair the median of the ratios of neighbours, with its quartiles. As fields of a JSON
    /// line.
    pub fn fields(&self, pairs: &[(&str, &str)]) -> String {
        let mut line = String::new();
        for (way, did) in &self.ways {
            let rate = quantile(did.iter().map(|did| did.rate).collect(), 0.5);
            let times: f64 = did.iter().map(|did| did.times).sum();
            let each = |used: fn(&Cpu) -> Duration| {
                did.iter().map(|did| used(&did.cpu)).sum::<Duration>().as_secs_f64() * 1e6 / times
            };
            let [here, server] = [each(|cpu| cpu.own), each(|cpu| cpu.children)];
            write!(line, r#", "{way}": {rate:.0}, "{way}_cpu_us": [{here:.0}, {server:.0}]"#)
                .expect("a text");
        }
        for (ours, theirs) in pairs {
            let pairs = self.of(ours).iter().zip(self.of(theirs));
            let ratios: Vec<f64> = pairs.map(|(ours, theirs)| ours.rate / theirs.rate).collect();
            let at = |share| quantile(ratios.clone(), share);
            write!(
                line,
                r#", "{ours}/{theirs}": {:.2}, "quartiles": [{:.2}, {:.2}]"#,
                at(0.5),
                at(0.25),
                at(0.75)
            )
            .expect("a text");
        }
        line
    }

    fn of(&self, name: &str) -> &[Did] {
        let (_, did) = self.ways.iter().find(|(way, _)| *way == name).expect("a way that was measured");
        did
    }
}

/// The value below which this share of them lies.
pub fn quantile(mut of: Vec<f64>, share: f64) -> f64 {
    of.sort_by(f64::total_cmp);
    of[((of.len() - 1) as f64 * share).round() as usize]
}

/// What all writers together did in a slice. Each is given its number and the end.
pub fn per_second<F: Future<Output = u64> + Send + 'static>(
    runtime: &Runtime,
    seams: &Seams,
    slice: Duration,
    writers: usize,
    write: impl Fn(usize, Instant) -> F,
) -> Did {
    runtime.block_on(async {
        let (begun, before) = (seams.now(), Cpu::now());
        let tasks: JoinSet<u64> = (0..writers).map(|writer| write(writer, begun + slice)).collect();
        let times = tasks.join_all().await.into_iter().sum::<u64>() as f64;
        let (took, cpu) = (seams.now() - begun, Cpu::now().since(before));
        Did { times, rate: times / took.as_secs_f64(), cpu }
    })
}
