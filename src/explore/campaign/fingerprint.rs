//! What happened before what, as one number: runs with the same number differ at most in how the events of different
//! nodes interleave and in their times (Mazurkiewicz 1977: traces; Lamport 1978: happened before).
//!
//! Each node has a chain of hashes over what happened to it. A message carries its sender's chain, a timer that of its
//! setting, so that a node's last hash stands for everything that happened before.

use crate::{
    process::Actors,
    trace::{EventKind, Record, Recording, SEED, mix, together},
};

/// Makes fingerprints; its memory is kept from run to run.
#[derive(Clone, Debug, Default)]
pub struct Fingerprint {
    nodes: Vec<u64>,
    /// The hash of each event that others can follow from.
    events: Vec<u64>,
}

impl Fingerprint {
    /// Of a run of so many nodes.
    pub fn of(&mut self, recording: &Recording, nodes: usize) -> u64 {
        if recording.is_brief() {
            return recording.brief.order();
        }
        self.nodes.clear();
        self.nodes.extend((0..nodes as u64).map(|node| mix(SEED, node)));
        self.events.clear();
        for record in &recording.records {
            let mut hash = 0;
            if let Some(heard) = self.heard(recording, record) {
                let chain = &mut self.nodes[record.node.index()];
                *chain = mix(mix(*chain, record.kind as u64), heard);
                hash = *chain;
            }
            self.events.push(hash);
        }
        together(&self.nodes)
    }

    /// What a node learns from an event, if it is one that matters: what it does then follows from what it heard.
    fn heard(&self, recording: &Recording, record: &Record) -> Option<u64> {
        match record.kind {
            EventKind::Receive | EventKind::Timer => Some(self.events[record.cause as usize]),
            EventKind::Request if record.why.is_none() => Some(u64::from(record.value)),
            EventKind::Choice => {
                let (options, chosen) = recording.choices[record.value as usize];
                Some(u64::from(options) << 32 | u64::from(chosen))
            }
            EventKind::Boot
            | EventKind::Send
            | EventKind::TimerSet
            | EventKind::Crash
            | EventKind::Restart
            | EventKind::Pause
            | EventKind::Resume
            | EventKind::Clock => Some(0),
            EventKind::Request
            | EventKind::Output
            | EventKind::Drop
            | EventKind::Duplicate
            | EventKind::Save
            | EventKind::Partition
            | EventKind::Heal
            | EventKind::Cut
            | EventKind::Link
            | EventKind::Note => None,
        }
    }

    /// The same whatever the nodes are called: two failures with the same one are the same story with other names.
    /// What is sent counts by its kind, what is asked not at all.
    pub fn nameless(&mut self, recording: &Recording, actors: &dyn Actors, nodes: usize) -> u64 {
        self.nodes.clear();
        self.nodes.resize(nodes, SEED);
        self.events.clear();
        for record in &recording.records {
            let kind = record.kind as u64;
            let mut hash = 0;
            match record.kind {
                // To whom comes second is a name again: all messages of a step carry the same chain.
                EventKind::Send => {
                    let word = actors.kind_of_kept(record.value);
                    let word = word.bytes().fold(SEED, |sum, byte| mix(sum, u64::from(byte)));
                    hash = mix(self.nodes[record.node.index()], word);
                }
                EventKind::TimerSet => hash = mix(self.nodes[record.node.index()], kind),
                _ => {
                    if let Some(heard) = self.heard(recording, record) {
                        let heard = if record.kind == EventKind::Request { 0 } else { heard };
                        let chain = &mut self.nodes[record.node.index()];
                        *chain = mix(mix(*chain, kind), heard);
                    }
                }
            }
            self.events.push(hash);
        }
        self.nodes.sort_unstable();
        together(&self.nodes)
    }
}
