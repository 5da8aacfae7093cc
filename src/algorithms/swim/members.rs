//! Who is a member and how it is, and what of it is still news: statements that override each other, and spread.

use crate::{
    problems::failure_detection::{Opinion, Output},
    process::ProcessId,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is said of one member.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Health {
    /// It is well.
    Alive,
    /// It did not answer.
    Suspected,
    /// It did not answer, nor refute that for so long that this life of it is over.
    Dead,
    /// It has left.
    Left,
}

/// A statement about a member.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct News {
    /// Who.
    pub process: ProcessId,
    /// How it is.
    pub is: Health,
    /// In which of its lives; only the member itself begins a new one.
    pub life: u64,
    /// In which incarnation; only the member itself begins a new one, to refute a suspicion.
    pub incarnation: u64,
}

impl News {
    /// What everybody thinks of a member to begin with.
    pub fn initial(process: ProcessId) -> Self {
        Self { process, is: Health::Alive, life: 1, incarnation: 0 }
    }

    /// Section 4.2: whether this overrides another statement about the same member. In one life, an end is final; alive
    /// needs a higher incarnation to override suspected, suspected overrides alive in the same one.
    pub fn overrides(&self, other: &Self) -> bool {
        self.rank() > other.rank()
    }

    fn rank(&self) -> (u64, u8, u64, bool) {
        match self.is {
            Health::Alive => (self.life, 0, self.incarnation, false),
            Health::Suspected => (self.life, 0, self.incarnation, true),
            Health::Dead => (self.life, 1, 0, false),
            Health::Left => (self.life, 2, 0, false),
        }
    }

    /// Whether it says that the member takes part.
    pub fn is_active(&self) -> bool {
        matches!(self.is, Health::Alive | Health::Suspected)
    }

    /// What the application is told.
    pub fn output(&self) -> Output {
        let Self { process, is, life, incarnation } = *self;
        match is {
            Health::Alive => Output::Alive { process, life, incarnation },
            Health::Suspected => Output::Suspected { process, life, incarnation },
            Health::Dead => Output::Dead { process, life, incarnation },
            Health::Left => Output::Left { process, life },
        }
    }

    fn opinion(&self) -> Opinion {
        match self.is {
            Health::Alive => Opinion::Trusted,
            Health::Suspected => Opinion::Suspected,
            Health::Dead => Opinion::Dead,
            Health::Left => Opinion::Left,
        }
    }
}

/// All members that a process knows of, itself included, and how often it has passed on what is new of each.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Members {
    known: BTreeMap<ProcessId, News>,
    told: BTreeMap<ProcessId, u32>,
}

impl Members {
    /// These, of whom nothing is new.
    pub(super) fn of(members: impl IntoIterator<Item = ProcessId>) -> Self {
        let known = members.into_iter().map(|process| (process, News::initial(process))).collect();
        Self { known, told: BTreeMap::new() }
    }

    /// What was heard last of a member.
    pub(super) fn get(&self, process: ProcessId) -> Option<&News> {
        self.known.get(&process)
    }

    /// What was heard of everybody.
    pub(super) fn all(&self) -> Vec<News> {
        self.known.values().copied().collect()
    }

    /// What is thought of a member.
    pub(super) fn opinion(&self, process: ProcessId) -> Opinion {
        self.get(process).map_or(Opinion::Unknown, News::opinion)
    }

    /// Whoever takes part, but for one.
    pub(super) fn active_but(&self, left_out: ProcessId) -> Vec<ProcessId> {
        let active = self.known.values().filter(|news| news.is_active() && news.process != left_out);
        active.map(|news| news.process).collect()
    }

    /// Believes a statement if it overrides what was known, and passes it on from now on; gives whether it does.
    pub(super) fn merge(&mut self, news: News) -> bool {
        let stale = self.get(news.process).is_some_and(|known| !news.overrides(known));
        if !stale {
            self.set(news);
        }
        !stale
    }

    /// Believes a statement, whatever was known, and passes it on from now on.
    pub(super) fn set(&mut self, news: News) {
        self.known.insert(news.process, news);
        self.told.insert(news.process, 0);
    }

    /// What to tell `to` with a message from `me`, section 4.1: what was told least often first, so much at most, and
    /// nothing more often than `times`. Beyond that, what nobody else can tell as well: what `me` says of itself unless
    /// everybody thinks so anyway, and what `to` may have to refute (Lifeguard's buddy system).
    pub(super) fn pick(&mut self, me: ProcessId, to: ProcessId, most: usize, times: u32) -> Vec<News> {
        let own = self.get(me).filter(|own| **own != News::initial(me));
        let theirs = self.get(to).filter(|theirs| theirs.is != Health::Alive);
        let mut picked: Vec<News> = own.into_iter().chain(theirs).copied().collect();
        self.told.retain(|_, told| *told < times);
        let mut rest: Vec<(u32, ProcessId)> =
            self.told.iter().map(|(process, told)| (*told, *process)).collect();
        rest.sort_unstable();
        for (_, process) in
            rest.into_iter().filter(|(_, process)| *process != me && *process != to).take(most)
        {
            picked.extend(self.known.get(&process));
            self.told.entry(process).and_modify(|told| *told += 1);
        }
        picked
    }
}
