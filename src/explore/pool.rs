//! What is pending, taken in the order that a strategy chooses among what could happen next.

use super::{
    name::name,
    ready::Ready,
    strategy::{Fate, Looks, Offer, Pick, Strategy},
};
use crate::{
    process::{ProcessId, Time},
    scenario::ScheduleStep,
    simulate::{Entry, Next, Occasion, Pending, Queue},
    world::{Answers, Ending, Setup},
};
use std::{sync::Arc, time::Duration};

/// What is pending, each with what a strategy may want to know of it.
pub struct Pool {
    setup: Arc<Setup>,
    rules: Rules,
    /// The end of the scenario.
    until: u64,
    /// How what comes next is found in this run.
    way: Way,
    queue: Queue,
    ready: Ready,
    waiting: Vec<Offer>,
    /// The places in `waiting` of what could happen next.
    enabled: Vec<u32>,
    strategy: Box<dyn Strategy>,
    /// How many entries were pushed so far.
    serial: u64,
    /// The time of what happened last.
    now: u64,
    /// What happened, where that is wanted.
    log: Option<Vec<ScheduleStep>>,
    /// Whether kinds of messages are looked up in this run.
    names_kinds: bool,
    answers: Vec<u32>,
    lengths: Vec<Duration>,
}

/// How what comes next is found: the same, faster or slower.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Way {
    /// The earliest, whatever the strategy: everything is in the queue.
    Time,
    /// By what is ready, as far as that is simple.
    Ready,
    /// By a look at everything that is waiting.
    Look,
}

fn until(setup: &Setup) -> u64 {
    setup.until.map_or(u64::MAX, |until| until.0)
}

/// What could happen next at all.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Rules {
    /// Whether timers run out at any moment; otherwise only when no message is under way, in order of time.
    pub timers_any_time: bool,
}

impl Pool {
    /// Nothing pending yet; `strategy` will choose.
    pub fn new(setup: Arc<Setup>, rules: Rules, strategy: Box<dyn Strategy>) -> Self {
        Self {
            until: until(&setup),
            setup,
            rules,
            way: Way::Look,
            queue: Queue::new(),
            ready: Ready::default(),
            waiting: Vec::new(),
            enabled: Vec::new(),
            strategy,
            serial: 0,
            now: 0,
            log: None,
            names_kinds: false,
            answers: Vec::new(),
            lengths: Vec::new(),
        }
    }

    /// Plans other actions from the next run on.
    pub fn plan(&mut self, setup: Arc<Setup>) {
        self.until = until(&setup);
        self.setup = setup;
    }

    /// Another strategy from the next run on; gives the one so far.
    pub fn follow(&mut self, strategy: Box<dyn Strategy>, rules: Rules) -> Box<dyn Strategy> {
        self.rules = rules;
        std::mem::replace(&mut self.strategy, strategy)
    }

    /// The strategy, to be prepared for the next run or asked about the last one.
    pub fn strategy(&mut self) -> &mut dyn Strategy {
        &mut *self.strategy
    }

    /// Whether to write down what happens, from the next run on.
    pub fn write_log(&mut self, wanted: bool) {
        self.log = wanted.then(Vec::new);
    }

    /// What happened in the last run, where it was written down.
    pub fn log(&self) -> &[ScheduleStep] {
        self.log.as_deref().unwrap_or_default()
    }

    #[inline(always)]
    fn add(&mut self, entry: Entry, from: ProcessId, kind: &'static str, ending: Option<Ending>) {
        self.serial += 1;
        let fifo = self.setup.is_fifo(from, ProcessId(entry.to));
        self.waiting.push(Offer { entry, from, kind, serial: self.serial, fifo, ending });
        if self.way == Way::Ready && !self.ready.add(&self.waiting, self.rules, self.until) {
            self.ready.compact(&mut self.waiting);
            self.way = Way::Look;
        }
    }

    /// Finds what could happen next.
    fn enable(&mut self) {
        self.enabled.clear();
        let until = self.until;
        let mut environment: Option<(usize, (u64, u64))> = None;
        let mut delivers = false;
        for (place, offer) in self.waiting.iter().enumerate() {
            if offer.entry.time > until {
                continue;
            }
            match offer.entry.occasion() {
                Occasion::Delivery(_) | Occasion::Hop(_) => {
                    let blocked =
                        offer.fifo && self.waiting[..place].iter().any(|other| other.is_before(offer));
                    if !blocked {
                        delivers = true;
                        self.enabled.push(place as u32);
                    }
                }
                Occasion::Timer(_) => {
                    let rank = offer.rank();
                    let earlier = |other: &Offer| other.is_timer_of(offer.entry.to) && other.rank() < rank;
                    if self.rules.timers_any_time && !self.waiting.iter().any(earlier) {
                        self.enabled.push(place as u32);
                    }
                }
                Occasion::Planned(_) | Occasion::Ending(_) | Occasion::Boot | Occasion::Ask(_) => {
                    let rank = offer.rank();
                    if environment.is_none_or(|(_, first)| rank < first) {
                        environment = Some((place, rank));
                    }
                }
            }
        }
        self.enabled.extend(environment.map(|(place, _)| place as u32));
        if !self.rules.timers_any_time && !delivers {
            self.enable_first_timer(until, environment.map(|(_, rank)| rank));
        }
        if self.enabled.is_empty() {
            // What is left comes after the end: the driver sees by its time that the run is over.
            let first = (0..self.waiting.len()).min_by_key(|place| self.waiting[*place].rank());
            self.enabled.extend(first.map(|place| place as u32));
        }
    }

    /// Where timers are patient, the earliest of all may run out, and not after what is planned before it.
    fn enable_first_timer(&mut self, until: u64, environment: Option<(u64, u64)>) {
        let timers = self.waiting.iter().enumerate().filter(|(_, offer)| {
            matches!(offer.entry.occasion(), Occasion::Timer(_)) && offer.entry.time <= until
        });
        let Some((place, first)) = timers.min_by_key(|(_, offer)| offer.rank()) else { return };
        if environment.is_some_and(|rank| first.rank() < rank) {
            self.enabled.clear();
        }
        if environment.is_none_or(|rank| first.rank() < rank) {
            self.enabled.push(place as u32);
        }
    }

    fn next_ready(&mut self, entry: &mut Entry) -> Next {
        if self.ready.is_sparse(&self.waiting, self.rules) {
            self.ready.compact(&mut self.waiting);
        }
        let enabled = self.ready.begin(&self.waiting);
        let pick =
            if enabled.is_empty() { None } else { self.strategy.pick(&self.waiting, enabled, self.now) };
        self.ready.end();
        let Some(pick) = pick else { return Next::Nothing };
        let offer = &self.waiting[pick.place as usize];
        if pick.fate != Fate::Twice {
            self.ready.remove(offer, pick.place);
        }
        self.take(pick, entry)
    }

    fn next_waiting(&mut self, entry: &mut Entry) -> Next {
        if self.waiting.is_empty() {
            return Next::Nothing;
        }
        self.enable();
        let pick = self.strategy.pick(&self.waiting, &self.enabled, self.now);
        let Some(pick) = pick else { return Next::Nothing };
        let Answers { choices, lengths } = self.strategy.answers();
        self.answers.clear();
        self.answers.extend_from_slice(choices);
        self.lengths.clear();
        self.lengths.extend_from_slice(lengths);
        let next = self.take(pick, entry);
        if next == Next::Happens {
            self.waiting.remove(pick.place as usize);
        }
        next
    }

    /// What was picked happens.
    #[inline(always)]
    fn take(&mut self, Pick { place, fate, at }: Pick, entry: &mut Entry) -> Next {
        let Entry { time, key, to, what } = self.waiting[place as usize].entry;
        *entry = Entry { time: at.unwrap_or(time).max(self.now), key, to, what };
        if self.log.is_some() {
            self.write_down(place, fate, entry.time);
        }
        if fate == Fate::Twice {
            return Next::Twice;
        }
        self.now = entry.time;
        if fate == Fate::Lost {
            *entry = entry.lost();
        }
        Next::Happens
    }
}

impl Pool {
    #[inline(never)]
    fn write_down(&mut self, place: u32, fate: Fate, time: u64) {
        let what = name(&self.waiting, place as usize, fate, &self.setup);
        let runs = self.lengths.clone();
        let step = ScheduleStep { what, at: Some(Time(time)), choose: Vec::new(), runs };
        self.log.iter_mut().for_each(|log| log.push(step.clone()));
    }
}

impl Pending for Pool {
    fn clear(&mut self) {
        self.waiting.clear();
        self.ready.clear();
        self.queue.clear();
        self.serial = 0;
        self.now = 0;
        self.answers.clear();
        self.lengths.clear();
        if let Some(log) = &mut self.log {
            log.clear();
        }
        self.strategy.begin();
        self.names_kinds = self.log.is_some() || self.strategy.names_kinds();
        self.way = match self.strategy.looks() {
            Looks::Nothing if self.log.is_none() => Way::Time,
            Looks::Enabled if self.log.is_none() => Way::Ready,
            Looks::Nothing | Looks::Enabled | Looks::Everything => Way::Look,
        };
    }

    #[inline]
    fn push(&mut self, entry: Entry) {
        if self.way == Way::Time {
            return self.queue.push(entry);
        }
        self.add(entry, ProcessId(entry.to), "", None);
    }

    #[inline]
    fn push_delivery(&mut self, entry: Entry, from: ProcessId, kind: &dyn Fn() -> &'static str) {
        if self.way == Way::Time {
            return self.queue.push(entry);
        }
        let kind = if self.names_kinds { kind() } else { "" };
        self.add(entry, from, kind, None);
    }

    fn push_ending(&mut self, entry: Entry, ending: Ending) {
        if self.way == Way::Time {
            return self.queue.push(entry);
        }
        self.add(entry, ProcessId(entry.to), "", Some(ending));
    }

    fn cancel_timer(&mut self, slot: u32) {
        match self.way {
            // It is out of date when its turn comes.
            Way::Time => {}
            Way::Ready => {
                let place = self.ready.timer(&self.waiting, slot);
                place.into_iter().for_each(|place| self.ready.remove(&self.waiting[place as usize], place));
            }
            Way::Look => self.waiting.retain(|offer| offer.entry.occasion() != Occasion::Timer(slot)),
        }
    }

    #[inline]
    fn next(&mut self, entry: &mut Entry) -> Next {
        match self.way {
            Way::Time => self.queue.next(entry),
            Way::Ready => self.next_ready(entry),
            Way::Look => self.next_waiting(entry),
        }
    }

    fn take_fresh(&mut self) -> &[Entry] {
        &[]
    }

    fn answers(&self) -> Answers<'_> {
        Answers { choices: &self.answers, lengths: &self.lengths }
    }

    #[inline]
    fn note_output(&mut self) {
        if self.way != Way::Time {
            self.strategy.note_output();
        }
    }

    fn note_choice(&mut self, options: u32, chosen: u32) {
        self.strategy.note_choice(options, chosen);
        if let Some(step) = self.log.as_mut().and_then(|log| log.last_mut()) {
            step.choose.push(chosen);
        }
    }
}
