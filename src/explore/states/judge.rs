//! Histories are judged once each: the path to them is run again and recorded.

use super::{
    liveness::Lasso,
    node::Standing,
    path::{Written, write},
    search::{News, Rounds},
    space::Words,
    table::Steady,
    view::View,
};
use crate::{
    explore::{Failure, Rules, Runner, Subject, campaign::event},
    process::{End, Part, ProcessId, PropertyKind, Sees, Verdict},
    scenario::{Misfit, Schedule, Then},
    trace::Level,
    world::Setup,
};
use indexmap::IndexSet;
use serde_json::Value;
use std::sync::Arc;

/// A run that violates a property.
#[derive(Clone, Debug)]
pub struct Witness {
    /// The property.
    pub property: String,
    /// The events of the run that show it.
    pub events: Vec<u64>,
    /// What happened.
    pub because: String,
    /// The run: as few steps as there can be.
    pub schedule: Schedule,
    /// The scenario's world, with the faults that the search added among what is planned.
    pub setup: Arc<Setup>,
    /// Where it is a run without end: how many steps at its end are repeated for ever.
    pub repeats: Option<usize>,
}

impl Witness {
    /// The run with its scenario, to be written down or made smaller.
    pub fn failure(&self, subject: &Subject<'_>) -> Failure {
        let plan = subject.plan;
        let mut scenario = plan.resolved.clone();
        if let Some(map) = scenario.as_object_mut() {
            map.shift_remove("schedule");
        }
        if let Some(events) = scenario.get_mut("events").and_then(Value::as_array_mut) {
            let own = events.len();
            // What the search added stands where it takes place.
            let mut before = 0;
            let mut added = 0;
            for planned in &self.setup.agenda {
                if (planned.entry as usize) < own {
                    before = before.max(planned.entry as usize + 1);
                } else {
                    events.insert(before + added, event(planned, &plan.setup.names));
                    added += 1;
                }
            }
        }
        Failure {
            scenario,
            schedule: self.schedule.clone(),
            property: self.property.clone(),
            because: self.because.clone(),
        }
    }
}

/// Judges, and keeps what came of it.
pub(super) struct Judge {
    runner: Runner,
    plain: Arc<Setup>,
    seed: u64,
    event_limit: u64,
    names: Vec<&'static str>,
    kinds: Vec<PropertyKind>,
    /// What was judged, and whether nothing was left to happen.
    judged: IndexSet<(u128, bool), Steady>,
    /// Of each property: the most instances in a run, whether any run left it undecided, and the first that violates it.
    standings: Vec<Account>,
    /// The run that was run last.
    last: (Arc<Schedule>, Arc<Setup>),
}

#[derive(Clone, Debug, Default)]
struct Account {
    examined: u64,
    undecided: Option<String>,
    witness: Option<Witness>,
}

impl Judge {
    pub(super) fn new(subject: &Subject<'_>, rules: Rules) -> Result<Self, Misfit> {
        let runner = Runner::new(subject, rules)?;
        let (names, kinds) = (runner.jury().properties(), runner.jury().kinds());
        let standings = vec![Account::default(); names.len()];
        // A path is run to its end, with what it adds.
        let plain = Arc::new(Setup { event_limit: u64::MAX, ..subject.plan.setup.clone() });
        let (seed, event_limit) = (subject.plan.seed, subject.plan.setup.event_limit);
        let last = (Arc::default(), plain.clone());
        Ok(Self {
            runner,
            plain,
            seed,
            event_limit,
            names,
            kinds,
            judged: IndexSet::default(),
            standings,
            last,
        })
    }

    /// Whether some property was violated.
    pub(super) fn has_found(&self) -> bool {
        self.standings.iter().any(|account| account.witness.is_some())
    }

    /// Judges what is new in a round.
    pub(super) fn judge(&mut self, rounds: &Rounds, view: &mut View<'_>, news: &[News], terminal: bool) {
        if self.names.is_empty() || !terminal && !self.kinds.contains(&PropertyKind::Safety) {
            return;
        }
        view.refresh();
        for News { history, state } in news {
            let once = rounds.space.sees >= Some(Sees::Causality);
            if once || self.judged.insert((*history, terminal)) {
                let written = write(&rounds.space, view, &rounds.path(*state));
                let end = self.run(view, written, rounds.space.first_node(), terminal);
                self.account(end, None);
            }
        }
    }

    /// Judges a run that goes round in circles for ever: what properties have seen is all they ever will.
    pub(super) fn judge_lasso(&mut self, rounds: &Rounds, view: &mut View<'_>, lasso: &Lasso) {
        if self.judged.insert((lasso.history, true)) {
            let mut path = rounds.path(lasso.state);
            let steps = path.len();
            path.extend_from_slice(&lasso.circle);
            let written = write(&rounds.space, view, &path[..steps]);
            self.run(view, written, rounds.space.first_node(), false);
            let prefix = self.last.clone();
            let whole = write(&rounds.space, view, &path);
            let repeats = whole.steps.len() - prefix.0.steps.len();
            self.last = (Arc::new(Schedule { steps: whole.steps, then: Then::Stop }), prefix.1);
            self.account(End::Quiescent, Some(repeats));
        }
    }

    /// Runs a path again; gives why that run was over.
    fn run(&mut self, view: &View<'_>, written: Written, first_node: usize, terminal: bool) -> End {
        let Written { steps, setup, words } = written;
        let then = if terminal { Then::GoOn } else { Then::Stop };
        let (setup, schedule) = (setup.unwrap_or(self.plain.clone()), Arc::new(Schedule { steps, then }));
        if !Arc::ptr_eq(&setup, self.runner.setup()) {
            self.runner.plan(setup.clone());
        }
        let (ended, misstep) = self.runner.follow(self.seed, &schedule, false, Level::Full);
        if let Some(misstep) = misstep {
            let what = misstep.told(&schedule, &setup.names);
            panic!("a path through the states must be a run: {what}");
        }
        self.compare(view, &words[first_node..first_node + setup.names.len()]);
        self.last = (schedule, setup);
        ended.summary.end
    }

    /// Takes account of the run that was run last, which is over for this reason.
    fn account(&mut self, end: End, repeats: Option<usize>) {
        for (place, verdict) in self.runner.verdicts(end).into_iter().enumerate() {
            let account = &mut self.standings[place];
            if repeats.is_some() && self.kinds[place] != PropertyKind::Liveness {
                continue;
            }
            match verdict {
                Verdict::Holds { examined } => account.examined = account.examined.max(examined),
                Verdict::Undecided { because } if end != End::CutShort => {
                    account.undecided.get_or_insert(because);
                }
                Verdict::Vacuous | Verdict::Undecided { .. } => {}
                Verdict::Violated { events, because } => {
                    let property = self.names[place].to_owned();
                    let schedule = (*self.last.0).clone();
                    let setup = Setup { event_limit: self.event_limit, ..(*self.last.1).clone() };
                    let setup = Arc::new(setup);
                    let witness = Witness { property, events, because, schedule, setup, repeats };
                    account.witness.get_or_insert(witness);
                }
            }
        }
    }

    /// Whether some property says that something happens in the end.
    pub(super) fn hopes(&self) -> bool {
        self.kinds.contains(&PropertyKind::Liveness)
    }

    /// The run must have led to the same processes.
    fn compare(&self, view: &View<'_>, nodes: Words<'_>) {
        let interner = view.interner();
        let actors = self.runner.actors();
        for (who, node) in (0..).map(ProcessId).zip(nodes) {
            let same = match interner.nodes[*node as usize].standing {
                Standing::Up(process) | Standing::Paused(process) => {
                    actors.is_up(who) && actors.fingerprint(Part::Process(who)) == process.print
                }
                Standing::Absent | Standing::Down => !actors.is_up(who),
            };
            assert!(same, "a path through the states must lead to the same processes as its run");
        }
    }

    /// What is to be said of each property; `complete` says whether every state was looked at, `open` why runs
    /// without end leave obligations open.
    pub(super) fn verdicts(
        self,
        complete: bool,
        open: Option<&str>,
    ) -> (Vec<(String, Verdict)>, Vec<Witness>) {
        let mut witnesses = Vec::new();
        let mut verdicts = Vec::new();
        for ((name, kind), account) in self.names.into_iter().zip(self.kinds).zip(self.standings) {
            let undecided = |because: &str| Verdict::Undecided { because: because.to_owned() };
            let verdict = match (account.witness, account.undecided) {
                (Some(witness), _) => {
                    let (events, because) = (witness.events.clone(), witness.because.clone());
                    witnesses.push(witness);
                    Verdict::Violated { events, because }
                }
                (None, Some(because)) => Verdict::Undecided { because },
                (None, None) if !complete => undecided("the search ended before every state was looked at"),
                (None, None) => match open {
                    Some(because) if kind == PropertyKind::Liveness => undecided(because),
                    _ => Verdict::of(account.examined),
                },
            };
            verdicts.push((name.to_owned(), verdict));
        }
        witnesses.sort_by_key(|witness| witness.schedule.steps.len());
        (verdicts, witnesses)
    }
}
