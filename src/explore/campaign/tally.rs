//! What came of some runs of a campaign. Tallies of different runs together are that of all of them, in any order.

use super::{Sketch, Tactic};
use crate::process::{End, Verdict};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What came of some runs.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Tally {
    /// How many runs.
    pub runs: u64,
    /// How many steps in all of them.
    pub steps: u64,
    /// Why they were over, by the name of the reason.
    pub ends: BTreeMap<String, u64>,
    /// How many runs each strategy had, and in how many of them a property was violated.
    pub strategies: BTreeMap<String, [u64; 2]>,
    /// In how many runs a message of each kind was sent.
    pub messages: BTreeMap<String, u64>,
    /// How often each kind of fault happened, and how often it touched something.
    pub faults: BTreeMap<String, [u64; 2]>,
    /// The verdicts on each property, in the order of the properties.
    pub verdicts: Vec<Verdicts>,
    /// In how many runs each claim was met, in the order of the claims.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sometimes: Vec<u64>,
    /// The different orders that were seen.
    pub orders: Sketch,
}

/// The verdicts on one property.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Verdicts {
    /// In how many runs it held.
    pub holds: u64,
    /// In how many runs there was nothing to judge.
    pub vacuous: u64,
    /// In how many runs it was not decided.
    pub undecided: u64,
    /// In how many runs it was violated.
    pub violated: u64,
    /// The runs in which it was violated with the fewest steps.
    pub shortest: Vec<Candidate>,
}

/// A run in which a property is violated.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Candidate {
    /// How many steps it has.
    pub steps: u64,
    /// Its number.
    pub run: u64,
}

/// How many candidates there are for each property.
const CANDIDATES: usize = 3;

impl Tally {
    /// Of no run, for so many properties.
    pub fn new(properties: usize) -> Self {
        Self { verdicts: vec![Verdicts::default(); properties], ..Self::default() }
    }

    /// Other runs were made, too.
    pub fn merge(&mut self, other: &Self) {
        self.runs += other.runs;
        self.steps += other.steps;
        merge(&mut self.ends, &other.ends, |sum, more| *sum += more);
        for (mine, its) in [(&mut self.strategies, &other.strategies), (&mut self.faults, &other.faults)] {
            merge(mine, its, |sum, more| (0..2).for_each(|place| sum[place] += more[place]));
        }
        merge(&mut self.messages, &other.messages, |sum, more| *sum += more);
        for (mine, its) in self.verdicts.iter_mut().zip(&other.verdicts) {
            mine.merge(its);
        }
        self.meet(&other.sometimes);
        self.orders.merge(&other.orders);
    }

    /// Each claim was met in so many more runs.
    pub(super) fn meet(&mut self, met: &[u64]) {
        if self.sometimes.len() < met.len() {
            self.sometimes.resize(met.len(), 0);
        }
        for (sum, more) in self.sometimes.iter_mut().zip(met) {
            *sum += more;
        }
    }

    /// The runs to look at more closely, with the property that each violates.
    pub fn candidates(&self) -> impl Iterator<Item = (usize, Candidate)> {
        let all = self.verdicts.iter().enumerate();
        all.flat_map(|(property, verdicts)| {
            verdicts.shortest.iter().map(move |candidate| (property, *candidate))
        })
    }

    /// How many runs violated some property.
    pub fn violating(&self) -> u64 {
        self.strategies.values().map(|[_, violating]| violating).sum()
    }
}

impl Verdicts {
    /// One more verdict, on the run of `candidate`.
    pub(super) fn add(&mut self, verdict: &Verdict, candidate: Candidate) {
        match verdict {
            Verdict::Holds { .. } => self.holds += 1,
            Verdict::Vacuous => self.vacuous += 1,
            Verdict::Undecided { .. } => self.undecided += 1,
            Verdict::Violated { .. } => {
                self.violated += 1;
                self.keep(candidate);
            }
        }
    }

    fn keep(&mut self, candidate: Candidate) {
        if let Err(place) = self.shortest.binary_search(&candidate) {
            self.shortest.insert(place, candidate);
            self.shortest.truncate(CANDIDATES);
        }
    }

    fn merge(&mut self, other: &Self) {
        self.holds += other.holds;
        self.vacuous += other.vacuous;
        self.undecided += other.undecided;
        self.violated += other.violated;
        other.shortest.iter().for_each(|candidate| self.keep(*candidate));
    }
}

fn merge<T: Clone>(mine: &mut BTreeMap<String, T>, its: &BTreeMap<String, T>, add: impl Fn(&mut T, &T)) {
    for (key, more) in its {
        match mine.get_mut(key) {
            Some(sum) => add(sum, more),
            None => drop(mine.insert(key.clone(), more.clone())),
        }
    }
}

/// What is counted in every run, by places instead of names.
#[derive(Clone, Debug, Default)]
pub(super) struct Counters {
    pub(super) ends: [u64; 3],
    pub(super) strategies: [[u64; 2]; Tactic::NAMES.len()],
    messages: Vec<(&'static str, u64)>,
    faults: Vec<(&'static str, [u64; 2])>,
}

impl Counters {
    pub(super) fn end(&mut self, end: End) {
        self.ends[end as usize] += 1;
    }

    /// A message of this kind was sent.
    pub(super) fn message(&mut self, kind: &'static str) {
        *counter(&mut self.messages, kind) += 1;
    }

    pub(super) fn fault(&mut self, kind: &'static str, touched: bool) {
        let counts = counter(&mut self.faults, kind);
        counts[0] += 1;
        counts[1] += u64::from(touched);
    }

    /// Writes everything down by name, and begins anew.
    pub(super) fn settle(&mut self, tally: &mut Tally) {
        let counted = std::mem::take(self);
        let ends = ["quiescent", "deadline", "cut-short"];
        let named = ends.into_iter().zip(counted.ends).filter(|(_, count)| *count > 0);
        tally.ends.extend(named.map(|(name, count)| (name.to_owned(), count)));
        let named = Tactic::NAMES.into_iter().zip(counted.strategies).filter(|(_, [runs, _])| *runs > 0);
        tally.strategies.extend(named.map(|(name, counts)| (name.to_owned(), counts)));
        tally.messages.extend(counted.messages.into_iter().map(|(kind, runs)| (kind.to_owned(), runs)));
        tally.faults.extend(counted.faults.into_iter().map(|(kind, counts)| (kind.to_owned(), counts)));
    }
}

fn counter<'a, T: Default>(table: &'a mut Vec<(&'static str, T)>, name: &'static str) -> &'a mut T {
    // Names are constants of the program: the same name is nearly always the same place.
    let same = |known: &(&'static str, T)| std::ptr::eq(known.0, name) || known.0 == name;
    let place = table.iter().position(same).unwrap_or_else(|| {
        table.push((name, T::default()));
        table.len() - 1
    });
    &mut table[place].1
}
