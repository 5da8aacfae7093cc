//! What one worker knows of the numbered things without asking the others: copies that grow.

use super::{
    environment::Environment,
    interner::{Cue, Interner, Step},
    node::{Input, Standing},
    sieve::Sieve,
    table::{Memo, Steady},
};
use indexmap::IndexMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One worker's copies.
pub(super) struct View<'a> {
    interner: &'a Mutex<Interner>,
    pub(super) nodes: Vec<Facts>,
    pub(super) letters: Vec<Letter>,
    pub(super) steps: Vec<Step>,
    pub(super) sent: Vec<u32>,
    pub(super) environments: Vec<Surroundings>,
    /// Whether any node has ever had a timer.
    pub(super) timed: bool,
    heard: Memo,
    /// The environment that was numbered last.
    last: u32,
    cues: IndexMap<Cue, (u32, u32), Steady>,
    /// What it has met lately.
    pub(super) sieve: Sieve,
}

/// What is often asked about a node.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    pub(super) print: u128,
    pub(super) history: u128,
    pub(super) mood: Mood,
    /// Nanoseconds until its first timer runs out.
    pub(super) timer: Option<i64>,
    pub(super) asked: bool,
}

/// What is often asked about an environment.
#[derive(Clone, Debug)]
pub(super) struct Surroundings {
    pub(super) print: u128,
    /// Whether messages arrive and leave without further questions.
    pub(super) plain: bool,
    /// Whether nothing can happen but deliveries and timers.
    pub(super) quiet: bool,
    pub(super) environment: Arc<Environment>,
}

/// How a node stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Mood {
    Absent,
    Up,
    Paused,
    Down,
}

/// What is often asked about a message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Letter {
    pub(super) print: u128,
    pub(super) to: u32,
    /// Sender and receiver.
    pub(super) link: (u32, u32),
    pub(super) fifo: bool,
}

impl<'a> View<'a> {
    pub(super) fn new(interner: &'a Mutex<Interner>) -> Self {
        let mut view = Self {
            interner,
            nodes: Vec::new(),
            letters: Vec::new(),
            steps: Vec::new(),
            sent: Vec::new(),
            environments: Vec::new(),
            timed: false,
            heard: Memo::new(),
            last: 0,
            cues: IndexMap::default(),
            sieve: Sieve::new(),
        };
        view.refresh();
        view
    }

    /// The numbers themselves.
    pub(super) fn interner(&self) -> MutexGuard<'a, Interner> {
        // Whoever fell while holding it has said why.
        self.interner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Copies what came since the last time.
    pub(super) fn refresh(&mut self) {
        let interner = self.interner();
        self.copy(&interner);
    }

    fn copy(&mut self, interner: &Interner) {
        let nodes = interner.nodes.values().skip(self.nodes.len());
        self.timed |= nodes.clone().any(|node| !node.timers.is_empty());
        let nodes = interner.nodes.iter().skip(self.nodes.len());
        self.nodes.extend(nodes.map(|(print, node)| Facts {
            print: *print,
            history: node.history,
            mood: match node.standing {
                Standing::Absent => Mood::Absent,
                Standing::Up(_) => Mood::Up,
                Standing::Paused(_) => Mood::Paused,
                Standing::Down => Mood::Down,
            },
            timer: node.timers.first().map(|timer| timer.left),
            asked: !node.asked.is_empty(),
        }));
        let messages = interner.messages.iter().skip(self.letters.len());
        self.letters.extend(messages.map(|(print, message)| Letter {
            print: *print,
            to: message.to.0,
            link: (message.from.0, message.to.0),
            fifo: message.fifo,
        }));
        self.steps.extend_from_slice(&interner.steps[self.steps.len()..]);
        self.sent.extend_from_slice(&interner.sent[self.sent.len()..]);
        let environments = interner.environments.iter().skip(self.environments.len());
        self.environments.extend(environments.map(|(print, environment)| Surroundings {
            print: *print,
            plain: environment.is_plain(),
            quiet: environment.is_quiet(),
            environment: environment.clone(),
        }));
    }

    /// What follows when a node hears a message: the first step and how many there are.
    #[inline]
    pub(super) fn heard(&mut self, node: u32, message: u32) -> (u32, u32) {
        match self.heard.find(node, message) {
            Some(steps) => steps,
            None => self.hear_first(node, message),
        }
    }

    #[cold]
    fn hear_first(&mut self, node: u32, message: u32) -> (u32, u32) {
        let steps = self.ask((node, Input::Hear(message), None));
        self.heard.insert(node, message, steps);
        steps
    }

    /// What follows when this happens.
    pub(super) fn steps_of(&mut self, cue: Cue) -> (u32, u32) {
        if let (node, Input::Hear(message), None) = cue {
            return self.heard(node, message);
        }
        match self.cues.get(&cue) {
            Some(steps) => *steps,
            None => {
                let steps = self.ask(cue);
                self.cues.insert(cue, steps);
                steps
            }
        }
    }

    fn ask(&mut self, cue: Cue) -> (u32, u32) {
        let mut interner = self.interner();
        let steps = interner.steps_of(cue);
        self.copy(&interner);
        steps
    }

    /// The number of an environment.
    pub(super) fn number(&mut self, environment: &Environment) -> u32 {
        if let Some(last) = self.environments.get(self.last as usize)
            && *last.environment == *environment
        {
            return self.last;
        }
        let mut interner = self.interner();
        let number = interner.environment(environment);
        self.copy(&interner);
        self.last = number;
        number
    }
}
