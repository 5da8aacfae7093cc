//! The tree of executions, depth first: what could be picked where, what was, and what still must be.
//!
//! Source-DPOR (Abdulla, Aronis, Jonsson, Sagonas, "Optimal Dynamic Partial Order Reduction", POPL 2014, Algorithm 1):
//! everything pending is a process of one step. Each execution is searched for races, that is for two steps that depend
//! on each other and could follow each other directly; for each race, a step that begins its reversal becomes wanted
//! before it. Sleep sets keep an execution from being taken in two orders that nobody can tell apart.
//!
//! What becomes of a message, and what a process chooses, are tried one after the other whenever it is picked. Sources
//! and sleep sets stay right: for every fixed answer to all of these questions, the answers that differ only add work.

use super::{
    Reduction, Settings,
    depend::{Dependence, Footprint, Sort},
};
use crate::{
    explore::strategy::{Fate, Offer, Pick},
    scenario::Vary,
    simulate::Occasion,
    world::Setup,
};
use std::{collections::BTreeSet, sync::Arc};

/// The tree: the path of the current execution, and at each fork what was done and what is wanted.
pub(super) struct Tree {
    pub(super) setup: Arc<Setup>,
    settings: Settings,
    /// When a run ends, whatever is left.
    until: u64,
    pub(super) dependence: Dependence,
    pub(super) path: Vec<Fork>,
    /// The first step of this execution that is another one than in the execution before.
    pub(super) fresh: usize,
    /// How many steps this execution has so far, and of how many all is known.
    depth: usize,
    concluded: usize,
    /// A message that was copied and now arrives.
    copying: Option<u64>,
    /// Whether a process told its application something in this step.
    spoke: bool,
    answers: Vec<u32>,
    /// How many choices of a step are answered; raised when one makes more.
    answered: usize,
    pub(super) answers_lacked: bool,
    pub(super) ended: Ending,
    pub(super) seen: Seen,
    /// The path is walked once more to be written down.
    pub(super) frozen: bool,
}

/// Why an execution was over, as far as the tree knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ending {
    /// Nothing was left to do.
    Quiescent,
    /// What is left comes after the end of the run.
    Deadline,
    /// It was as deep as it may be.
    TooDeep,
    /// All that could happen is asleep: another execution shows the same.
    Asleep,
}

/// What was seen of timers and outputs: what depends on what follows from it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Seen {
    timers: bool,
    several_at_one_node: bool,
    ties: bool,
    speakers: BTreeSet<Sort>,
    setters: BTreeSet<Sort>,
}

/// A place at which something was picked.
pub(super) struct Fork {
    /// The highest serial number before.
    pub(super) known: u64,
    /// What could happen, by time.
    pub(super) possible: Vec<Offer>,
    asleep: Vec<Tried>,
    done: Vec<Tried>,
    /// What is to be tried here, by serial number, in this order.
    wanted: Vec<u64>,
    pub(super) serial: u64,
    pub(super) fate: Fate,
    /// What the process was told to choose first.
    answers: Vec<u32>,
    /// What it chose: of how many, and which.
    pub(super) choices: Vec<(u32, u32)>,
    pub(super) footprint: Footprint,
    /// The footprints of this step with other choices.
    others: Vec<Footprint>,
    /// What it made pending, by serial number.
    pub(super) born: Vec<u64>,
    /// What could have happened instead of this step and cannot any more after it: a timer that it stops, say.
    pub(super) gone: Vec<Offer>,
    /// The steps that happened before this one, by their places: 64 in a word.
    pub(super) before: Vec<u64>,
    /// A name for this step and all before it that is the same in every order of them.
    pub(super) hash: u128,
}

/// Something that was tried, with all that a process may choose in it.
#[derive(Clone, Debug)]
struct Tried {
    serial: u64,
    fate: Fate,
    footprints: Vec<Footprint>,
}

impl Fork {
    /// The offer with this serial number.
    fn offer(&self, serial: u64) -> &Offer {
        let offer = self.possible.iter().find(|offer| offer.serial == serial);
        offer.unwrap_or_else(|| unreachable!("only what is possible is picked"))
    }

    /// The first of these fates that was neither tried here nor is asleep.
    fn open(&self, serial: u64, fates: &[Fate]) -> Option<Fate> {
        let known = |fate: Fate| {
            let mut known = self.asleep.iter().chain(&self.done);
            known.any(|tried| tried.serial == serial && tried.fate == fate)
        };
        fates.iter().copied().find(|fate| !known(*fate))
    }

    /// Makes what has this serial number wanted, if it is not yet.
    pub(super) fn want(&mut self, serial: u64) {
        if !self.wanted.contains(&serial) {
            self.wanted.push(serial);
        }
    }

    /// Whether one of these is wanted.
    pub(super) fn wants_any(&self, serials: &[u64]) -> bool {
        serials.iter().any(|serial| self.wanted.contains(serial))
    }
}

impl Tree {
    /// The tree of the executions in this world, which end at `until`.
    pub(super) fn new(setup: Arc<Setup>, settings: Settings, until: u64, visible_order: bool) -> Self {
        let patient = !settings.rules.timers_any_time;
        let all = Dependence::is_total(&setup);
        let mut tree = Self {
            setup,
            settings,
            until,
            dependence: Dependence { visible_order, patient, all, ..Dependence::default() },
            path: Vec::new(),
            fresh: 0,
            depth: 0,
            concluded: 0,
            copying: None,
            spoke: false,
            answers: Vec::new(),
            answered: 4,
            answers_lacked: false,
            ended: Ending::Quiescent,
            seen: Seen::default(),
            frozen: false,
        };
        tree.learn();
        tree
    }

    /// What depends on what, by what was seen so far; gives whether that is another thing than before.
    pub(super) fn learn(&mut self) -> bool {
        let Dependence { visible_order, patient, all, .. } = self.dependence;
        let Seen { timers, several_at_one_node, ties, speakers, setters } = self.seen.clone();
        let time_is_shared = Dependence::has_limits(&self.setup) || (patient && timers);
        let time_sets_timers = !patient && timers && (several_at_one_node || self.until < u64::MAX);
        let ties = patient && ties;
        let learnt = Dependence {
            visible_order,
            speakers,
            setters,
            patient,
            ties,
            time_is_shared,
            time_sets_timers,
            all,
        };
        let news = self.dependence != learnt;
        self.dependence = learnt;
        news
    }

    /// Forgets all that was tried.
    pub(super) fn restart(&mut self) {
        self.path.clear();
        self.fresh = 0;
    }

    /// An execution begins.
    pub(super) fn begin(&mut self) {
        self.depth = 0;
        self.concluded = self.fresh;
        self.copying = None;
        self.spoke = false;
        self.answers_lacked = false;
        self.ended = Ending::Quiescent;
    }

    /// What happens next.
    pub(super) fn pick(&mut self, pending: &[Offer], enabled: &[u32]) -> Option<Pick> {
        if let Some(serial) = self.copying.take() {
            return Some(self.at(pending, serial, Fate::Happens));
        }
        let possible = self.possible(pending, enabled);
        self.look_at_timers(pending);
        self.conclude(pending, &possible);
        if possible.is_empty() {
            self.ended = Ending::Deadline;
            return None;
        }
        if self.depth == self.path.len() {
            let deepest = self.settings.depth.min(self.setup.event_limit);
            if self.depth as u64 >= deepest {
                self.ended = Ending::TooDeep;
                return None;
            }
            let Some(fork) = self.fork(pending, possible) else {
                self.ended = Ending::Asleep;
                return None;
            };
            self.path.push(fork);
        }
        let fork = &self.path[self.depth];
        self.answers.clear();
        self.answers.extend_from_slice(&fork.answers);
        self.answers.resize(fork.answers.len().max(self.answered), 0);
        let (serial, fate) = (fork.serial, fork.fate);
        self.depth += 1;
        self.spoke = false;
        self.copying = (fate == Fate::Twice).then_some(serial);
        Some(self.at(pending, serial, fate))
    }

    /// The pick of what has this serial number. Where orders are all that counts, messages take no time.
    fn at(&self, pending: &[Offer], serial: u64, fate: Fate) -> Pick {
        let place = pending.iter().position(|offer| offer.serial == serial);
        let place = place.unwrap_or_else(|| unreachable!("the same beginning leads to the same offers"));
        let at = (pending[place].is_message() && !self.settings.messages_take_time).then_some(0);
        Pick { place: place as u32, fate, at }
    }

    /// What could happen before the end of the run, by time.
    fn possible(&self, pending: &[Offer], enabled: &[u32]) -> Vec<Offer> {
        let offers = enabled.iter().map(|place| pending[*place as usize]);
        let timely = |offer: &Offer| {
            (offer.is_message() && !self.settings.messages_take_time) || offer.entry.time <= self.until
        };
        let mut possible: Vec<Offer> = offers.filter(timely).collect();
        possible.sort_unstable_by_key(Offer::rank);
        possible
    }

    fn look_at_timers(&mut self, pending: &[Offer]) {
        let timers: Vec<(u32, u64)> = pending
            .iter()
            .filter(|offer| offer.is_timer())
            .map(|offer| (offer.entry.to, offer.entry.time))
            .collect();
        self.seen.timers |= !timers.is_empty();
        for (place, (node, time)) in timers.iter().enumerate() {
            let others = || timers[..place].iter();
            self.seen.several_at_one_node |= others().any(|(other, _)| other == node);
            self.seen.ties |= others().any(|(_, other)| other == time);
        }
    }

    /// All is known now of the step that was taken last: what it did, and what could happen before and cannot any more.
    fn conclude(&mut self, pending: &[Offer], possible: &[Offer]) {
        if self.frozen || self.concluded >= self.depth {
            return;
        }
        self.concluded = self.depth;
        let fork = &mut self.path[self.depth - 1];
        let offer = *fork.offer(fork.serial);
        fork.footprint = self.dependence.footprint(&offer, fork.fate, &self.setup);
        if self.spoke && self.dependence.visible_order {
            self.seen.speakers.insert(Dependence::sort(&offer));
        }
        let born = pending.iter().filter(|new| new.serial > fork.known);
        if born.clone().any(Offer::is_timer) {
            self.seen.setters.insert(Dependence::sort(&offer));
        }
        fork.born = born.map(|new| new.serial).collect();
        let gone = fork.possible.iter().filter(|offer| {
            offer.serial != fork.serial && possible.iter().all(|still| still.serial != offer.serial)
        });
        fork.gone = gone.copied().collect();
    }

    /// A new fork at the end of the path; none when all that could happen is asleep.
    fn fork(&self, pending: &[Offer], possible: Vec<Offer>) -> Option<Fork> {
        let last = self.path.last();
        let known = pending.iter().map(|offer| offer.serial).chain(last.map(|fork| fork.known)).max();
        let asleep = match last {
            Some(fork) if self.settings.reduction == Reduction::Sources => self.still_asleep(fork),
            Some(_) | None => Vec::new(),
        };
        let first = possible.first()?;
        let footprint = self.dependence.footprint(first, Fate::Happens, &self.setup);
        let mut fork = Fork {
            known: known.unwrap_or(0),
            asleep,
            done: Vec::new(),
            wanted: Vec::new(),
            serial: first.serial,
            fate: Fate::Happens,
            answers: Vec::new(),
            choices: Vec::new(),
            footprint,
            others: Vec::new(),
            born: Vec::new(),
            gone: Vec::new(),
            before: Vec::new(),
            hash: 0,
            possible,
        };
        let used = self.used(self.path.len());
        let awake = fork.possible.iter().find_map(|offer| {
            let fate = fork.open(offer.serial, &self.fates(offer, used))?;
            Some((offer.serial, fate))
        });
        (fork.serial, fork.fate) = awake?;
        fork.wanted = match self.settings.reduction {
            Reduction::None => fork.possible.iter().map(|offer| offer.serial).collect(),
            Reduction::Sources => vec![fork.serial],
        };
        Some(fork)
    }

    /// What was tried before this step and does not depend on it: it need not be tried after it.
    fn still_asleep(&self, fork: &Fork) -> Vec<Tried> {
        let independent = |tried: &&Tried| {
            tried.serial != fork.serial
                && tried.footprints.iter().all(|print| !self.dependence.holds(print, &fork.footprint))
        };
        fork.asleep.iter().chain(&fork.done).filter(independent).cloned().collect()
    }

    /// How much of the budget for faults the first steps have used.
    fn used(&self, steps: usize) -> u32 {
        self.path[..steps].iter().filter(|fork| fork.fate != Fate::Happens).count() as u32
    }

    /// What may become of an offer. A link that keeps order makes no copies, and copies are made on the last link.
    fn fates(&self, offer: &Offer, used: u32) -> Vec<Fate> {
        let mut fates = vec![Fate::Happens];
        if used < self.settings.faults && offer.is_message() && !offer.entry.is_lost() {
            if self.settings.vary.contains(&Vary::Loss) {
                fates.push(Fate::Lost);
            }
            let copies = self.settings.vary.contains(&Vary::Duplicate);
            if copies && !offer.fifo && matches!(offer.entry.occasion(), Occasion::Delivery(_)) {
                fates.push(Fate::Twice);
            }
        }
        fates
    }

    /// What the process chooses in the step that was picked last.
    pub(super) fn answers(&self) -> &[u32] {
        &self.answers
    }

    pub(super) fn note_choice(&mut self, options: u32, chosen: u32) {
        if self.frozen || self.depth <= self.fresh {
            return;
        }
        if let Some(fork) = self.path.get_mut(self.depth - 1) {
            fork.choices.push((options, chosen));
            self.answers_lacked |= fork.choices.len() > self.answers.len();
        }
    }

    pub(super) fn note_output(&mut self) {
        self.spoke = true;
    }

    /// The execution is over.
    pub(super) fn finish(&mut self) {
        self.conclude(&[], &[]);
    }

    /// Goes to the next execution that must be tried; gives false when there is none.
    pub(super) fn backtrack(&mut self) -> bool {
        while let Some(place) = self.path.len().checked_sub(1) {
            let used = self.used(place);
            if self.advance(place, used) {
                self.fresh = place;
                return true;
            }
            self.path.pop();
        }
        false
    }

    /// The same step is to be taken again, with more answers at hand.
    pub(super) fn take_again(&mut self) {
        self.answered *= 2;
        self.path.truncate(self.fresh + 1);
        if let Some(fork) = self.path.get_mut(self.fresh) {
            fork.choices.clear();
        }
    }

    /// The next thing to try at the last fork: another choice, another fate, another offer.
    fn advance(&mut self, place: usize, used: u32) -> bool {
        let fates = |tree: &Self, serial| tree.fates(tree.path[place].offer(serial), used);
        let fates_here = fates(self, self.path[place].serial);
        let fork = &mut self.path[place];
        let choices = std::mem::take(&mut fork.choices);
        fork.others.push(fork.footprint.clone());
        if let Some(last) = choices.iter().rposition(|(options, chosen)| chosen + 1 < *options) {
            fork.answers = choices[..=last].iter().map(|(_, chosen)| *chosen).collect();
            fork.answers[last] += 1;
            return true;
        }
        let footprints = std::mem::take(&mut fork.others);
        fork.done.push(Tried { serial: fork.serial, fate: fork.fate, footprints });
        fork.answers.clear();
        let mut next = fork.open(fork.serial, &fates_here).map(|fate| (fork.serial, fate));
        if next.is_none() {
            let wanted = self.path[place].wanted.iter();
            let open = |serial: &u64| Some((*serial, self.path[place].open(*serial, &fates(self, *serial))?));
            next = wanted.filter_map(open).next();
        }
        let Some((serial, fate)) = next else { return false };
        (self.path[place].serial, self.path[place].fate) = (serial, fate);
        true
    }
}
