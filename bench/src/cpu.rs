//! Processor time, which the rest of a busy machine disturbs less than it does clocks.

use std::fs;
use std::process;
use std::time::Duration;

/// What this process has used, and what those that it started have.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cpu {
    /// This process.
    pub own: Duration,
    /// Its children together: servers.
    pub children: Duration,
}

impl Cpu {
    /// As it stands now.
    pub fn now() -> Self {
        let own = process::id();
        let tasks = fs::read_dir(format!("/proc/{own}/task")).into_iter().flatten().flatten();
        let children = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
        let children: Vec<u32> = children
            .flat_map(|list| list.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<_>>())
            .collect();
        Self { own: used(own), children: children.into_iter().map(used).sum() }
    }

    /// What was used since.
    pub fn since(self, before: Self) -> Self {
        Self {
            own: self.own.saturating_sub(before.own),
            children: self.children.saturating_sub(before.children),
        }
    }
}

/// Processor time of a process in user and kernel, as the system counts it in hundredths of a second.
fn used(process: u32) -> Duration {
    let Ok(line) = fs::read_to_string(format!("/proc/{process}/stat")) else { return Duration::ZERO };
    // The name in brackets may hold anything; user and system time are the 12th and 13th field after it.
    let fields = line.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace();
    let hundredths: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(hundredths * 10)
}
