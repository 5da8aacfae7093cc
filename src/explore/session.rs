//! A run that somebody steps through: what happened so far is repeated from the beginning each time.

use super::{
    Ended, Rules, Runner, Subject,
    campaign::event,
    flow,
    name::name,
    strategy::{Fate, Follow, Misstep, Offer, Pick, Strategy},
};
use crate::{
    process::{End, ProcessId, Time, Verdict},
    scenario::{Misfit, Move, Plan, Schedule, ScheduleStep, Then, reload},
    trace::Level,
    world::{Action, Answers, Planned, Setup, Targets},
};
use serde_json::Value;
use std::{cell::RefCell, rc::Rc, sync::Arc};

/// A run so far, and what could happen next.
pub struct Session<'a> {
    subject: Subject<'a>,
    /// How it was before each step; the last one is how it is now.
    history: Vec<Moment>,
    plan: Plan,
    runner: Runner,
    ended: Ended,
    next: Vec<Possible>,
}

/// A scenario and what happened in it so far.
#[derive(Clone)]
struct Moment {
    scenario: Value,
    steps: Vec<ScheduleStep>,
}

/// Something that could happen next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Possible {
    /// What.
    pub what: Move,
    /// When it would happen.
    pub at: Time,
}

impl<'a> Session<'a> {
    /// The beginning of the scenario of `subject`; along its schedule, where it has one.
    ///
    /// # Errors
    /// When the plan does not fit its algorithm.
    pub fn new(subject: &Subject<'a>) -> Result<Self, Misfit> {
        let mut scenario = subject.plan.resolved.clone();
        if let Some(map) = scenario.as_object_mut() {
            map.shift_remove("schedule");
        }
        let steps = subject.plan.schedule.clone().unwrap_or_default().steps;
        let plan = subject.plan.clone();
        let runner = Runner::new(subject, Rules { timers_any_time: true })?;
        let summary = crate::simulate::Summary { end: End::CutShort, time: Time::ZERO, steps: 0 };
        let ended = Ended { summary, stopped: true };
        let moment = |done: usize| Moment { scenario: scenario.clone(), steps: steps[..done].to_vec() };
        let history = (0..=steps.len()).map(moment).collect();
        let mut session = Self { subject: *subject, history, plan, runner, ended, next: Vec::new() };
        session.repeat()?;
        Ok(session)
    }

    fn now(&self) -> &Moment {
        self.history.last().unwrap_or_else(|| unreachable!("there is always a beginning"))
    }

    /// Runs from the beginning to where it is.
    fn repeat(&mut self) -> Result<(), Misfit> {
        let Moment { scenario, steps } = self.now().clone();
        let unread = |message: String| Misfit { path: Vec::new(), message };
        self.plan = reload(&self.plan.name, &scenario, self.subject.catalogue)
            .map_err(|mistakes| unread(mistakes.to_string()))?;
        self.runner =
            Runner::new(&Subject { plan: &self.plan, ..self.subject }, Rules { timers_any_time: true })?;
        let setup = self.runner.setup().clone();
        let next = Rc::new(RefCell::new(Vec::new()));
        let schedule = Arc::new(Schedule { steps, then: Then::Stop });
        let follow = Follow::new(schedule, setup.clone(), false);
        let listing = Listing { follow, setup, next: next.clone() };
        self.ended = self.runner.run(self.plan.seed, Box::new(listing), Level::Full);
        self.next = next.take();
        Ok(())
    }

    /// What could happen next.
    pub fn next(&self) -> &[Possible] {
        &self.next
    }

    /// How many steps there were.
    pub fn steps(&self) -> usize {
        self.now().steps.len()
    }

    /// What time it is.
    pub fn time(&self) -> Time {
        self.ended.summary.time
    }

    /// The scenario, with the faults that were added.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// A node's state in words; nothing when it is down.
    pub fn state(&self, node: ProcessId) -> Option<String> {
        self.runner.actors().state(node)
    }

    /// What became of the scenario's properties so far.
    pub fn verdicts(&self) -> Vec<(String, Verdict)> {
        let end = if self.next.is_empty() { End::Quiescent } else { End::CutShort };
        self.plan.checks.iter().cloned().zip(self.runner.verdicts(end)).collect()
    }

    /// This happens.
    ///
    /// # Errors
    /// When the plan does not fit its algorithm.
    pub fn take(&mut self, what: Move) -> Result<(), Misfit> {
        let mut moment = self.now().clone();
        moment.steps.push(ScheduleStep::of(what));
        self.go(moment)
    }

    /// A node crashes here and now.
    ///
    /// # Errors
    /// When that makes no sense.
    pub fn crash(&mut self, node: ProcessId) -> Result<(), Misfit> {
        self.inject(Action::Crash { targets: Targets::Node(node), after_sends: None })
    }

    /// A node that crashed comes back here and now.
    ///
    /// # Errors
    /// When that makes no sense.
    pub fn restart(&mut self, node: ProcessId) -> Result<(), Misfit> {
        self.inject(Action::Restart(Targets::Node(node)))
    }

    fn inject(&mut self, action: Action) -> Result<(), Misfit> {
        let mut moment = self.now().clone();
        // What was planned has happened up to here; the fault comes before the rest of it.
        let planned =
            |step: &&ScheduleStep| matches!(&step.what, Move::Event { action, .. } if action != "start");
        let done = moment.steps.iter().filter(planned).count();
        let agenda = &self.plan.setup.agenda;
        let at = agenda.get(done).map_or(self.time(), |next| next.at.min(self.time()));
        let entries = done.checked_sub(1).and_then(|last| agenda.get(last)).map_or(0, |last| last.entry + 1);
        let node = match &action {
            Action::Crash { targets: Targets::Node(node), .. } | Action::Restart(Targets::Node(node)) => {
                Some(*node)
            }
            _ => None,
        };
        moment.steps.push(ScheduleStep::of(Move::Event { action: action.name().into(), node }));
        let fault = Planned { at, action, lasts: None, may_miss: true, entry: 0 };
        let events = moment.scenario["events"].as_array_mut();
        let events = events.unwrap_or_else(|| unreachable!("a resolved scenario has events"));
        events.insert(entries as usize, event(&fault, &self.plan.setup.names));
        self.go(moment)
    }

    /// Everything else happens in order of time.
    ///
    /// # Errors
    /// When the plan does not fit its algorithm.
    pub fn finish(&mut self) -> Result<(), Misfit> {
        let mut moment = self.now().clone();
        let schedule = Arc::new(Schedule { steps: moment.steps, then: Then::GoOn });
        self.runner.follow(self.plan.seed, &schedule, false, Level::Full);
        moment.steps = self.runner.write_down(self.plan.seed).1.steps;
        self.go(moment)
    }

    /// Takes the last step back; gives false at the beginning.
    ///
    /// # Errors
    /// When the plan does not fit its algorithm.
    pub fn undo(&mut self) -> Result<bool, Misfit> {
        if self.history.len() == 1 {
            return Ok(false);
        }
        self.history.pop();
        self.repeat()?;
        Ok(true)
    }

    /// Goes on to a moment, or stays where it is when that is none.
    fn go(&mut self, moment: Moment) -> Result<(), Misfit> {
        self.history.push(moment);
        if let Err(misfit) = self.repeat() {
            self.undo()?;
            return Err(misfit);
        }
        Ok(())
    }

    /// The scenario with what happened so far as its schedule, which then goes on in order of time.
    pub fn scenario(&self, then: Then) -> Value {
        let Moment { mut scenario, steps } = self.now().clone();
        let schedule = Schedule { steps, then };
        scenario["schedule"] = schedule.value(&self.plan.setup.names);
        scenario
    }

    /// The same as a file.
    pub fn text(&self) -> String {
        flow::scenario(&self.scenario(Then::GoOn))
    }
}

/// Follows a schedule, and lists what could come after it.
struct Listing {
    follow: Follow,
    setup: Arc<Setup>,
    next: Rc<RefCell<Vec<Possible>>>,
}

impl Strategy for Listing {
    fn begin(&mut self) {
        self.follow.begin();
        self.next.borrow_mut().clear();
    }

    fn pick(&mut self, pending: &[Offer], enabled: &[u32], now: u64) -> Option<Pick> {
        let pick = self.follow.pick(pending, enabled, now);
        if pick.is_none() {
            let until = self.setup.until.map_or(u64::MAX, |until| until.0);
            let timely = enabled.iter().filter(|place| pending[**place as usize].entry.time <= until);
            let mut places: Vec<usize> = timely.map(|place| *place as usize).collect();
            places.sort_by_key(|place| pending[*place].rank());
            let possible = |place: usize| Possible {
                what: name(pending, place, Fate::Happens, &self.setup),
                at: Time(pending[place].entry.time.max(now)),
            };
            *self.next.borrow_mut() = places.into_iter().map(possible).collect();
        }
        pick
    }

    fn names_kinds(&self) -> bool {
        true
    }

    fn answers(&self) -> Answers<'_> {
        self.follow.answers()
    }

    fn note_choice(&mut self, options: u32, chosen: u32) {
        self.follow.note_choice(options, chosen);
    }

    fn stopped(&self) -> bool {
        self.follow.stopped()
    }

    fn misstep(&self) -> Option<&Misstep> {
        self.follow.misstep()
    }

    fn fitting(&self) -> Option<&[usize]> {
        self.follow.fitting()
    }
}
