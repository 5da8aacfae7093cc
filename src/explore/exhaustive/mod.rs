//! Every order, one execution at a time: depth first, from the beginning each time, with or without partial-order
//! reduction.
//!
//! What is searched: messages under way arrive in any order, a link that keeps order in its own; what the scenario plans
//! happens in its order, at any point between the rest; timers as [`Rules`] say; up to a number of messages are lost or
//! arrive twice; every choice that a process leaves open is answered in every way. What is not: the lengths of timers,
//! and what processes choose while they boot, are those of the seed.
//!
//! The reduction leaves out executions that differ from a searched one only in the order of steps that are independent:
//! of different processes, say. So it preserves properties that see nodes or causality ([`Sees`]). Where a property sees
//! the order of what different applications say, steps that say something count as dependent. Properties that see times,
//! and processes that look at their clocks, are refused: one execution stands for many with other times.

mod depend;
mod exploration;
mod guided;
mod races;
mod tree;
mod worlds;

use super::{Failure, Rules, Runner, Subject};
use crate::{
    process::{End, Sees, Verdict},
    scenario::{Misfit, Plan, Vary},
    trace::Level,
};
pub use exploration::Exploration;
use guided::Guided;
use std::{cell::RefCell, collections::BTreeSet, rc::Rc, sync::Arc};
use tree::{Ending, Tree};

/// Which orders are left out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reduction {
    /// None.
    None,
    /// Those that differ only in the order of independent steps: source sets and sleep sets.
    Sources,
}

/// What is searched, and how far.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings {
    /// Which orders are left out.
    pub reduction: Reduction,
    /// When timers run out.
    pub rules: Rules,
    /// How many steps an execution has at most.
    pub depth: u64,
    /// How many executions are made at most.
    pub executions: u64,
    /// How many faults an execution has at most, beyond those of the scenario.
    pub faults: u32,
    /// Of which kinds: crashes, pauses, partitions, lost messages, messages that arrive twice.
    pub vary: Vec<Vary>,
    /// Whether messages take the time of the scenario's network; otherwise they arrive at once whenever it is their
    /// turn, and only timers and what the scenario plans move time. For searches without reduction.
    pub messages_take_time: bool,
}

impl Settings {
    /// All orders without faults, as far as it takes.
    pub fn new(reduction: Reduction) -> Self {
        Self {
            reduction,
            rules: Rules::default(),
            depth: u64::MAX,
            executions: u64::MAX,
            faults: 0,
            vary: Vec::new(),
            messages_take_time: false,
        }
    }
}

/// Why a search cannot be made.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
    /// A property sees times.
    #[error(
        "the property `{0}` looks at times, and with partial-order reduction one order stands for others with other times"
    )]
    Property(&'static str),
    /// A process looks at its clock.
    #[error(
        "the algorithm `{0}` looks at its clock, and with partial-order reduction one order stands for others with other \
         times"
    )]
    ReadsClock(String),
    /// A plan of another registry.
    #[error("the plan does not fit its algorithm: {0}")]
    Misfit(String),
}

impl From<Misfit> for Refusal {
    fn from(misfit: Misfit) -> Self {
        Self::Misfit(misfit.message)
    }
}

/// Why a search was over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Finish {
    /// Nothing was left to try.
    All,
    /// All but what comes after executions that were cut short at the greatest depth.
    Depth,
    /// The budget of executions was used up.
    Executions,
    /// Whoever asked for it had seen enough.
    Enough,
}

/// What was searched, and what was found.
#[derive(Clone, PartialEq, Debug)]
pub struct Explored {
    /// Worlds that were begun: the scenario without further faults, and one for each set of faults.
    pub worlds: u64,
    /// Executions that ended by themselves, or were cut short at the greatest depth.
    pub executions: u64,
    /// Executions that were given up because another one shows the same.
    pub given_up: u64,
    /// Of `executions`, those that were cut short.
    pub cut_short: u64,
    /// How many orders among them can be told apart at all.
    pub classes: u64,
    /// Steps of all executions together.
    pub steps: u64,
    /// Steps of the longest.
    pub longest: u64,
    /// Whether a timer was set in any of them.
    pub timers: bool,
    /// One for each property that the scenario checks.
    pub tallies: Vec<Tally>,
    /// In how many executions each of the scenario's claims was met.
    pub sometimes: Vec<u64>,
    /// Why it was over.
    pub finish: Finish,
}

/// What became of a property in the executions of a search.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Tally {
    /// In how many it held.
    pub holds: u64,
    /// In how many there was nothing to judge.
    pub vacuous: u64,
    /// In how many it was violated.
    pub violated: u64,
    /// In how many it could not be decided.
    pub undecided: u64,
    /// The first execution that violated it.
    pub first: Option<Failure>,
}

/// Searches the scenario of `subject` on this thread alone. After each execution `enough` is asked whether to stop.
///
/// # Errors
/// When the reduction would not preserve a property, or the plan does not fit its algorithm.
pub fn explore(
    subject: &Subject<'_>,
    settings: &Settings,
    enough: &mut dyn FnMut(&Explored) -> bool,
) -> Result<Explored, Refusal> {
    Exploration::new(subject, settings, 0).lead(subject, enough)
}

impl Explored {
    /// Nothing yet, of a scenario with so many properties and claims.
    fn none(properties: usize, claims: usize) -> Self {
        Self {
            worlds: 0,
            executions: 0,
            given_up: 0,
            cut_short: 0,
            classes: 0,
            steps: 0,
            longest: 0,
            timers: false,
            tallies: vec![Tally::default(); properties],
            sometimes: vec![0; claims],
            finish: Finish::All,
        }
    }

    /// The worlds that come after these were searched, too.
    fn add(&mut self, other: Self) {
        self.worlds += other.worlds;
        self.executions += other.executions;
        self.given_up += other.given_up;
        self.cut_short += other.cut_short;
        self.classes += other.classes;
        self.steps += other.steps;
        self.longest = self.longest.max(other.longest);
        self.timers |= other.timers;
        for (mine, its) in self.tallies.iter_mut().zip(other.tallies) {
            mine.holds += its.holds;
            mine.vacuous += its.vacuous;
            mine.violated += its.violated;
            mine.undecided += its.undecided;
            mine.first = mine.first.take().or(its.first);
        }
        for (mine, its) in self.sometimes.iter_mut().zip(other.sometimes) {
            *mine += its;
        }
        self.finish = if self.cut_short > 0 { Finish::Depth } else { Finish::All };
    }

    /// Executions that were made, to their end or not.
    fn made(&self) -> u64 {
        self.executions + self.given_up
    }
}

/// A search that goes on.
struct Search<'a> {
    subject: &'a Subject<'a>,
    settings: &'a Settings,
    runner: Runner,
    explored: Explored,
    visible_order: bool,
}

impl<'a> Search<'a> {
    /// Nothing was searched yet.
    fn begin(&mut self) {
        self.explored = Explored::none(self.explored.tallies.len(), self.explored.sometimes.len());
    }

    fn new(subject: &'a Subject<'a>, settings: &'a Settings) -> Result<Self, Refusal> {
        let runner = Runner::new(subject, settings.rules)?;
        let (properties, sees) = (runner.jury().properties(), runner.jury().sees());
        let reduced = settings.reduction != Reduction::None;
        if let Some(place) = sees.iter().position(|sees| reduced && *sees == Sees::Times) {
            return Err(Refusal::Property(properties[place]));
        }
        let explored = Explored::none(properties.len(), subject.plan.sometimes.len());
        let visible_order = sees.contains(&Sees::Order);
        Ok(Self { subject, settings, runner, explored, visible_order })
    }

    /// Searches the orders in this world, in which so many messages may be lost or copied.
    fn go(
        &mut self,
        plan: &Plan,
        faults: u32,
        enough: &mut dyn FnMut(&Explored) -> bool,
    ) -> Result<(), Refusal> {
        let until = plan.setup.until.map_or(u64::MAX, |until| until.0);
        let mut setup = plan.setup.clone();
        if !self.settings.messages_take_time {
            // The end of the run is the tree's business: it must not depend on when messages would arrive.
            setup.until = None;
        }
        let setup = Arc::new(setup);
        self.runner.plan(setup.clone());
        let settings = Settings { faults, ..self.settings.clone() };
        let tree = Rc::new(RefCell::new(Tree::new(setup, settings, until, self.visible_order)));
        self.explored.worlds += 1;
        let before = self.explored.clone();
        let mut classes = BTreeSet::new();
        self.runner.run(plan.seed, Box::new(Guided::new(tree.clone())), Level::Full);
        loop {
            tree.borrow_mut().finish();
            if self.settings.reduction != Reduction::None && self.runner.clock_read() {
                return Err(Refusal::ReadsClock(plan.algorithm.clone()));
            }
            if tree.borrow_mut().learn() {
                // More depends on more than was known: what was left out so far may have been too much.
                tree.borrow_mut().restart();
                self.explored = before.clone();
                classes.clear();
            } else if tree.borrow().answers_lacked {
                tree.borrow_mut().take_again();
            } else {
                self.take_stock(plan, &tree, &mut classes);
                if let Some(finish) = self.finish(&tree, enough) {
                    self.explored.finish = finish;
                    return Ok(());
                }
            }
            self.runner.again(plan.seed, Level::Full);
        }
    }

    /// Counts and judges an execution.
    fn take_stock(&mut self, plan: &Plan, tree: &RefCell<Tree>, classes: &mut BTreeSet<u128>) {
        tree.borrow_mut().look_for_races(self.settings.reduction == Reduction::Sources);
        let ended = tree.borrow().ended;
        let steps = tree.borrow().path.len() as u64;
        self.explored.steps += steps;
        self.explored.timers |= tree.borrow().seen.timers;
        let end = match ended {
            Ending::Asleep => {
                self.explored.given_up += 1;
                return;
            }
            Ending::Quiescent => End::Quiescent,
            Ending::Deadline => End::Deadline,
            Ending::TooDeep => End::CutShort,
        };
        let new = match self.settings.reduction {
            Reduction::None => classes.insert(tree.borrow().class()),
            Reduction::Sources => true,
        };
        self.explored.classes += u64::from(new);
        self.explored.executions += 1;
        self.explored.longest = self.explored.longest.max(steps);
        self.explored.cut_short += u64::from(end == End::CutShort);
        let verdicts = self.runner.verdicts(end);
        for (sum, met) in self.explored.sometimes.iter_mut().zip(self.runner.met(plan, &verdicts)) {
            *sum += u64::from(met);
        }
        for (place, verdict) in verdicts.into_iter().enumerate() {
            let tally = &mut self.explored.tallies[place];
            match verdict {
                Verdict::Holds { .. } => tally.holds += 1,
                Verdict::Vacuous => tally.vacuous += 1,
                Verdict::Undecided { .. } => tally.undecided += 1,
                Verdict::Violated { because, .. } => {
                    tally.violated += 1;
                    if tally.first.is_none() {
                        let failure = self.write_down(plan, tree, place, because);
                        self.explored.tallies[place].first = Some(failure);
                    }
                }
            }
        }
    }

    /// Why the search in this world is over now; nothing when it goes on.
    fn finish(&self, tree: &RefCell<Tree>, enough: &mut dyn FnMut(&Explored) -> bool) -> Option<Finish> {
        if enough(&self.explored) {
            return Some(Finish::Enough);
        }
        if !tree.borrow_mut().backtrack() {
            return Some(if self.explored.cut_short > 0 { Finish::Depth } else { Finish::All });
        }
        (self.explored.made() >= self.settings.executions).then_some(Finish::Executions)
    }

    /// The last execution, as a failure.
    fn write_down(&mut self, plan: &Plan, tree: &RefCell<Tree>, property: usize, because: String) -> Failure {
        tree.borrow_mut().frozen = true;
        let (_, schedule) = self.runner.write_down(plan.seed);
        tree.borrow_mut().frozen = false;
        let property = self.subject.plan.checks[property].clone();
        Failure { scenario: plan.resolved.clone(), schedule, property, because }
    }
}
