//! Round robin: the servers in turns. Server k of S gets ⌈(M-k)/S⌉ of the first M jobs, counted from 0.

use crate::process::ProcessId;

/// Whose turn it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct RoundRobin {
    next: usize,
}

impl RoundRobin {
    /// The place among so many servers of the one whose turn it is; then it is the next one's.
    pub fn pick(&mut self, servers: usize) -> usize {
        let place = self.next % servers.max(1);
        self.next = (place + 1) % servers.max(1);
        place
    }

    /// Other servers serve: it is still the turn of the same one, or of the next one that is left.
    pub fn change(&mut self, before: &[ProcessId], now: &[ProcessId]) {
        let due = before.iter().cycle().skip(self.next).take(before.len());
        self.next = due.filter_map(|due| now.iter().position(|server| server == due)).next().unwrap_or(0);
    }
}
