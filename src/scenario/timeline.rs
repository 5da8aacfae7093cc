//! Contradictions in the course of events: who cannot restart because it runs, what cannot heal because it is whole.

use super::{
    findings::{Findings, Place, at},
    nodes::Group,
    path::Path,
};
use crate::{
    process::{ProcessId, Time},
    world::{Action, Heal, Planned, Targets},
};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap},
};

/// What is known of a node at some time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    Waiting,
    Running,
    Crashed,
    Paused,
    /// Some nodes were drawn, and nobody knows whether this was one of them.
    Unknown,
}

/// What ends by itself.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum End {
    Crash(ProcessId),
    Pause(ProcessId),
    Separation(usize),
}

/// What `heal` can end, in the order of [`Course::active`].
const SEPARATIONS: [(&str, &str); 3] =
    [("partitions", "partition"), ("cuts", "cut"), ("links", "changed link")];

struct Course<'a> {
    nodes: &'a Group,
    phases: BTreeMap<ProcessId, (Phase, u32)>,
    /// Whether nodes without an entry in `phases` may be in any phase.
    drawn: bool,
    /// How many partitions, cuts and changed links there are.
    active: [u64; 3],
    ends: BinaryHeap<Reverse<(Time, u64, End)>>,
    reported: BTreeSet<u32>,
    findings: &'a mut Findings,
}

/// Reports what contradicts what happened before it. `agenda` is in order.
pub(super) fn check(agenda: &[Planned], nodes: &Group, findings: &mut Findings) {
    let mut course = Course {
        nodes,
        phases: BTreeMap::new(),
        drawn: false,
        active: [0; 3],
        ends: BinaryHeap::new(),
        reported: BTreeSet::new(),
        findings,
    };
    for (number, planned) in agenda.iter().enumerate() {
        course.end_until(planned.at);
        course.follow(planned, number as u64);
    }
}

impl Course<'_> {
    /// What ends by itself at `now` or before.
    fn end_until(&mut self, now: Time) {
        while let Some(Reverse((time, _, end))) = self.ends.peek().copied() {
            if time > now {
                return;
            }
            self.ends.pop();
            match end {
                End::Crash(id) if self.phase(id, time) == Phase::Crashed => self.forget(id),
                End::Pause(id) if self.phase(id, time) == Phase::Paused => self.forget(id),
                // Something else has ended it before, or put an end to more than this.
                End::Crash(_) | End::Pause(_) => {}
                End::Separation(kind) => self.active[kind] = self.active[kind].saturating_sub(1),
            }
        }
    }

    fn forget(&mut self, id: ProcessId) {
        self.phases.insert(id, (Phase::Running, u32::MAX));
    }

    fn phase(&self, id: ProcessId, now: Time) -> Phase {
        match self.phases.get(&id) {
            Some((phase, _)) => *phase,
            None if self.drawn => Phase::Unknown,
            None if self.nodes.setups.get(&id).is_some_and(|setup| setup.start > now) => Phase::Waiting,
            None => Phase::Running,
        }
    }

    fn follow(&mut self, planned: &Planned, number: u64) {
        let end = planned.lasts.map(|lasts| planned.at.after(lasts));
        match &planned.action {
            Action::Crash { targets, after_sends } => {
                let unsure = after_sends.is_some();
                self.change(planned, "crash", *targets, if unsure { Phase::Unknown } else { Phase::Crashed });
                self.end_later(end, number, *targets, End::Crash);
            }
            Action::Restart(targets) => self.change(planned, "restart", *targets, Phase::Running),
            Action::Pause(targets) => {
                self.change(planned, "pause", *targets, Phase::Paused);
                self.end_later(end, number, *targets, End::Pause);
            }
            Action::Resume(targets) => self.change(planned, "resume", *targets, Phase::Running),
            Action::Partition(_) => self.separate(0, end, number),
            Action::Cut(_) => self.separate(1, end, number),
            Action::Link(..) => self.separate(2, end, number),
            Action::Heal(heal) => self.heal(planned, *heal),
            Action::Request { .. } | Action::Clock(..) | Action::Drop { .. } => {}
        }
    }

    fn end_later(&mut self, end: Option<Time>, number: u64, targets: Targets, what: fn(ProcessId) -> End) {
        if let (Some(end), Targets::Node(id)) = (end, targets) {
            self.ends.push(Reverse((end, number, what(id))));
        }
    }

    fn separate(&mut self, kind: usize, end: Option<Time>, number: u64) {
        self.active[kind] += 1;
        self.ends.extend(end.map(|end| Reverse((end, number, End::Separation(kind)))));
    }

    /// A node crashes, restarts, pauses or resumes.
    fn change(&mut self, planned: &Planned, action: &str, targets: Targets, next: Phase) {
        let Targets::Node(id) = targets else {
            self.phases.clear();
            self.drawn = true;
            return;
        };
        let phase = self.phase(id, planned.at);
        let wrong = match (action, phase) {
            (_, Phase::Unknown) => None,
            (_, Phase::Waiting) => Some("has not started yet"),
            ("crash", Phase::Crashed) => Some("has crashed already"),
            ("restart", Phase::Running) => Some("is running: it has not crashed"),
            ("restart", Phase::Paused) => Some("is paused, not crashed"),
            ("pause", Phase::Crashed) | ("resume", Phase::Crashed) => Some("has crashed"),
            ("pause", Phase::Paused) => Some("is paused already"),
            ("resume", Phase::Running) => Some("is running: it is not paused"),
            _ => None,
        };
        if let Some(wrong) = wrong.filter(|_| !planned.may_miss) {
            self.contradiction(planned, action, id, wrong, phase);
        }
        // What may miss says nothing about whether it did.
        let next = if planned.may_miss { Phase::Unknown } else { next };
        self.phases.insert(id, (next, planned.entry));
    }

    fn contradiction(&mut self, planned: &Planned, action: &str, id: ProcessId, wrong: &str, phase: Phase) {
        let Some(path) = self.place(planned, action) else { return };
        let since = self.phases.get(&id).map(|(_, entry)| *entry);
        let name = self.nodes.names.name(id).into_owned();
        let time = planned.at;
        let finding = self.findings.value(path, format!("at {time} the node `{name}` {wrong}"));
        match (action, phase) {
            ("restart", Phase::Running) => finding.hint("crash it first, or remove this"),
            ("restart", Phase::Paused) => finding.hint(format!("write `resume: {name}`")),
            ("resume", Phase::Running) => finding.hint("pause it first, or remove this"),
            ("pause" | "resume", Phase::Crashed) => finding.hint("restart it first, or remove this"),
            (_, Phase::Waiting) => finding.hint("let this happen later, or the node start earlier"),
            _ => finding.hint("remove one of the two"),
        };
        if let Some(entry) = since.filter(|entry| *entry != u32::MAX && *entry != planned.entry) {
            let what = match phase {
                Phase::Crashed => "it crashed here",
                Phase::Paused => "it was paused here",
                _ => "it went on here",
            };
            finding.other(Place::Value(at("events").index(entry as usize)), what);
        }
    }

    fn heal(&mut self, planned: &Planned, heal: Heal) {
        let ended: &[usize] = match heal {
            Heal::All => &[0, 1, 2],
            Heal::Partitions => &[0],
            Heal::Cuts => &[1],
            Heal::Links => &[2],
        };
        if ended.iter().all(|kind| self.active[*kind] == 0) && !planned.may_miss {
            self.nothing_to_heal(planned, ended);
        }
        // What ends by itself later must not count against what comes after this.
        for kind in ended {
            self.active[*kind] = 0;
            self.ends.retain(|Reverse((_, _, end))| *end != End::Separation(*kind));
        }
    }

    fn nothing_to_heal(&mut self, planned: &Planned, ended: &[usize]) {
        let Some(path) = self.place(planned, "heal") else { return };
        let what = if let [kind] = ended { SEPARATIONS[*kind].1 } else { "partition, cut or changed link" };
        let finding = self.findings.value(path, format!("at {} there is no {what} to heal", planned.at));
        match SEPARATIONS.iter().zip(self.active).find(|(_, active)| *active > 0) {
            Some(((name, _), _)) => finding.hint(format!("did you mean `{name}`?")),
            None => finding.hint("remove this"),
        };
    }

    /// Where the action of an entry stands; nothing when its contradiction is known already.
    fn place(&mut self, planned: &Planned, action: &str) -> Option<Path> {
        self.reported.insert(planned.entry).then(|| at("events").index(planned.entry as usize).key(action))
    }
}
