//! What somebody at the prompt makes go wrong, between the node and the network.

use crate::process::ProcessId;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

/// What goes wrong at the moment.
#[derive(Debug, Default)]
pub(super) struct Faults {
    /// Nothing goes to these, and nothing comes from them.
    cut: BTreeSet<ProcessId>,
    delays: BTreeMap<ProcessId, Duration>,
    /// Until when nothing happens.
    paused: Option<Instant>,
    /// What leaves later.
    late: BTreeMap<(Instant, u64), (ProcessId, Vec<u8>)>,
    sequence: u64,
}

/// What becomes of a message that leaves.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Passage {
    /// It leaves.
    Open(Vec<u8>),
    /// It leaves later.
    Later,
    /// It does not leave.
    Cut,
}

impl Faults {
    /// Whether nothing comes from a node.
    pub(super) fn is_cut(&self, node: ProcessId) -> bool {
        self.cut.contains(&node)
    }

    /// Nothing goes to a node any more, and nothing comes from it.
    pub(super) fn cut(&mut self, node: ProcessId) {
        self.cut.insert(node);
    }

    /// What goes to a node takes longer.
    pub(super) fn delay(&mut self, node: ProcessId, delay: Duration) {
        self.delays.insert(node, delay);
    }

    /// Nothing happens until then.
    pub(super) fn pause(&mut self, until: Instant) {
        self.paused = Some(until);
    }

    /// Everything works again; what is on its way still arrives late.
    pub(super) fn heal(&mut self) {
        self.cut.clear();
        self.delays.clear();
        self.paused = None;
    }

    /// Whether nothing happens.
    pub(super) fn is_paused(&mut self, now: Instant) -> bool {
        self.paused = self.paused.filter(|until| *until > now);
        self.paused.is_some()
    }

    /// What becomes of a line to a node.
    pub(super) fn pass(&mut self, now: Instant, to: ProcessId, line: Vec<u8>) -> Passage {
        if self.is_cut(to) {
            return Passage::Cut;
        }
        let Some(delay) = self.delays.get(&to) else { return Passage::Open(line) };
        self.sequence += 1;
        self.late.insert((now + *delay, self.sequence), (to, line));
        Passage::Later
    }

    /// What was delayed and leaves now.
    pub(super) fn due(&mut self, now: Instant) -> Vec<(ProcessId, Vec<u8>)> {
        let later = self.late.split_off(&(now, u64::MAX));
        std::mem::replace(&mut self.late, later).into_values().collect()
    }

    /// When something is to be done next.
    pub(super) fn next(&self) -> Option<Instant> {
        let late = self.late.keys().next().map(|(at, _)| *at);
        [late, self.paused].into_iter().flatten().min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOB: ProcessId = ProcessId(1);
    const CAROL: ProcessId = ProcessId(2);

    #[test]
    fn what_is_cut_stays_and_heals() {
        let (mut faults, now) = (Faults::default(), Instant::now());
        faults.cut(BOB);
        assert!(faults.is_cut(BOB) && !faults.is_cut(CAROL));
        assert_eq!(faults.pass(now, BOB, vec![1]), Passage::Cut);
        assert_eq!(faults.pass(now, CAROL, vec![1]), Passage::Open(vec![1]));
        faults.heal();
        assert_eq!(faults.pass(now, BOB, vec![2]), Passage::Open(vec![2]));
    }

    #[test]
    fn what_is_delayed_leaves_later_in_its_order() {
        let (mut faults, now) = (Faults::default(), Instant::now());
        let second = Duration::from_secs(1);
        faults.delay(BOB, second);
        assert_eq!(faults.pass(now, BOB, vec![1]), Passage::Later);
        assert_eq!(faults.pass(now, BOB, vec![2]), Passage::Later);
        assert_eq!(faults.due(now), []);
        assert_eq!(faults.next(), Some(now + second));
        assert_eq!(faults.due(now + second), [(BOB, vec![1]), (BOB, vec![2])]);
        assert_eq!(faults.next(), None);
    }

    #[test]
    fn a_pause_ends() {
        let (mut faults, now) = (Faults::default(), Instant::now());
        faults.pause(now + Duration::from_secs(1));
        assert!(faults.is_paused(now));
        assert!(!faults.is_paused(now + Duration::from_secs(1)));
        assert_eq!(faults.next(), None);
    }
}
