//! An exact schedule, step by step.

use super::{Fate, Offer, Pick, Strategy};
use crate::{
    explore::name::{find, name},
    process::Names,
    scenario::{Move, Schedule, Then},
    world::{Answers, Setup},
};
use std::sync::Arc;

/// Follows a schedule; what comes after it follows the order of time.
#[derive(Clone, Debug)]
pub struct Follow {
    schedule: Arc<Schedule>,
    setup: Arc<Setup>,
    /// Whether steps that do not fit are passed over; the run ends at the first otherwise.
    lenient: bool,
    next: usize,
    answers: usize,
    stopped: bool,
    misstep: Option<Misstep>,
    fitting: Vec<usize>,
}

/// A step of a schedule that does not fit: what it names is not there to happen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Misstep {
    /// Which step, counted from 0.
    pub step: usize,
    /// What could have happened instead.
    pub possible: Vec<Move>,
}

impl Misstep {
    /// What does not fit, and what does, in a sentence.
    pub fn told(&self, schedule: &Schedule, names: &Names) -> String {
        let number = self.step + 1;
        let step = &schedule.steps[self.step].what;
        let possible: Vec<String> = self.possible.iter().map(|what| what.told(names).to_string()).collect();
        let what = step.told(names);
        match possible.as_slice() {
            [] => format!("step {number} of the schedule ({what}) does not fit: nothing is left to happen"),
            _ => {
                let list = possible.join(", ");
                format!("step {number} of the schedule ({what}) does not fit; what can happen there: {list}")
            }
        }
    }
}

impl Follow {
    /// Follows `schedule` in the world of `setup`.
    pub fn new(schedule: Arc<Schedule>, setup: Arc<Setup>, lenient: bool) -> Self {
        Self {
            schedule,
            setup,
            lenient,
            next: 0,
            answers: usize::MAX,
            stopped: false,
            misstep: None,
            fitting: Vec::new(),
        }
    }
}

impl Strategy for Follow {
    fn begin(&mut self) {
        self.next = 0;
        self.answers = usize::MAX;
        self.stopped = false;
        self.misstep = None;
        self.fitting.clear();
    }

    fn pick(&mut self, pending: &[Offer], enabled: &[u32], _now: u64) -> Option<Pick> {
        self.answers = usize::MAX;
        while let Some(step) = self.schedule.steps.get(self.next) {
            let found = find(&step.what, pending, &self.setup);
            let Some((place, fate)) = found else {
                if self.misstep.is_none() {
                    let possible = enabled
                        .iter()
                        .map(|place| name(pending, *place as usize, Fate::Happens, &self.setup));
                    self.misstep = Some(Misstep { step: self.next, possible: possible.collect() });
                }
                if !self.lenient {
                    self.stopped = true;
                    return None;
                }
                self.next += 1;
                continue;
            };
            self.answers = self.next;
            self.fitting.push(self.next);
            self.next += 1;
            // A timer does not run out before its time, nor does what is planned happen before it.
            let earliest = if pending[place].is_message() { 0 } else { pending[place].entry.time };
            let at = step.at.map(|at| at.0.max(earliest));
            return Some(Pick { place: place as u32, fate, at });
        }
        if self.schedule.then == Then::Stop {
            self.stopped = true;
            return None;
        }
        (0..pending.len()).min_by_key(|place| pending[*place].rank()).map(|place| Pick::happens(place as u32))
    }

    fn names_kinds(&self) -> bool {
        true
    }

    fn answers(&self) -> Answers<'_> {
        let step = self.schedule.steps.get(self.answers);
        step.map_or_else(Answers::default, |step| Answers { choices: &step.choose, lengths: &step.runs })
    }

    fn note_choice(&mut self, _options: u32, _chosen: u32) {}

    fn stopped(&self) -> bool {
        self.stopped
    }

    fn misstep(&self) -> Option<&Misstep> {
        self.misstep.as_ref()
    }

    fn fitting(&self) -> Option<&[usize]> {
        Some(&self.fitting)
    }
}
