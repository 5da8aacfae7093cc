//! Anti-entropy: everybody compares its table with somebody else's from time to time, and both take what is newer.
//!
//! Demers et al., "Epidemic algorithms for replicated database maintenance" (1987), sections 1.3 (anti-entropy) and 2
//! (death certificates); stamps after Lamport (1978), so that a write is newer than all that its writer knew of.
//!
//! ```text
//! a --digest(a stamp for each key)------------> b
//! a <-delta(what is newer at b, and wanted)---- b
//! a --update(what was wanted)-----------------> b     only if something was
//! ```
//!
//! A key that was deleted leaves a death certificate: a stamp without a value, newer than every value around. Without
//! it the next exchange brings the key back, for an absent key looks like one that was never heard of.

use super::parts::peers::any_other;
use crate::{
    problems::replication::{Output, Replication, Request, Stamp},
    process::{Context, Description, Process, ProcessId, duration},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct AntiEntropy {
    config: Config,
    stable: Stable,
    /// How many more exchanges this process will begin unless something changes.
    left: u32,
    /// Whether another round will come.
    awake: bool,
}

/// What survives a crash: the table and the clock.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Stable {
    /// The greatest time of any stamp that was seen.
    clock: u64,
    table: BTreeMap<String, Entry>,
}

/// A value with its stamp, or a death certificate.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// The value; none in a death certificate.
    pub value: Option<String>,
    /// Which write it comes from.
    pub stamp: Stamp,
}

/// The scenario's `algorithm.config`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// How long after one exchange a process begins the next.
    #[serde(with = "duration")]
    pub period: Duration,
    /// How many exchanges a process begins after it started and after anything changed; more and more, when `null`.
    pub rounds: Option<u32>,
    /// Who learns in an exchange.
    pub mode: Mode,
    /// What remains of a key that was deleted.
    pub certificates: Certificates,
}

/// Who learns in an exchange.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// The one who begins it.
    Pull,
    /// Both.
    #[default]
    PushPull,
}

/// What remains of a key that was deleted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Certificates {
    /// A death certificate, for ever.
    #[default]
    Forever,
    /// A death certificate, for so long after this process learned of it.
    Keep(#[serde(with = "duration")] Duration),
    /// Nothing.
    None,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            period: Duration::from_millis(100),
            rounds: Some(20),
            mode: Mode::default(),
            certificates: Certificates::default(),
        }
    }
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// What the caller has.
    Digest {
        /// The stamp of each key.
        stamps: BTreeMap<String, Stamp>,
    },
    /// The answer.
    Delta {
        /// What is newer at the called.
        newer: BTreeMap<String, Entry>,
        /// What is newer at the caller.
        wanted: Vec<String>,
    },
    /// What was wanted.
    Update {
        /// What is newer at the caller.
        newer: BTreeMap<String, Entry>,
    },
}

/// The timers.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Timer {
    /// The next exchange is due.
    Round,
    /// The death certificate of this key has been kept long enough.
    Discard(String),
}

impl Process for AntiEntropy {
    type Problem = Replication;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Stable = Stable;

    const DESCRIPTION: Description = Description {
        name: "anti-entropy",
        summary: "Everybody compares tables with somebody else from time to time; in the end all tables are alike.",
        assumes: &[
            "everybody can call everybody; messages may be lost, duplicated and overtaken",
            "who crashes comes back with its table; partitions end while there are still exchanges to come",
            "death certificates are kept until everybody has them",
            "enough rounds: its promises hold with a probability that grows with `rounds`",
        ],
        promises: &["convergence", "no-creation", "monotone", "no-resurrection"],
        messages: &[
            ("digest", "the stamp of each key that the caller has"),
            ("delta", "what is newer at the called, and which keys are newer at the caller"),
            ("update", "what is newer at the caller, if anything (mode push-pull)"),
        ],
        cost: "2 messages for each exchange, 3 when the called learns something, too; O(log N) rounds until everybody has a write",
        breaks: &[
            "a deletion without a death certificate: the key comes back (no-resurrection, monotone)",
            "a certificate that is discarded before everybody has it, as in a long partition: likewise",
            "too few rounds: copies stay different (convergence)",
        ],
        source: "Demers et al., Epidemic algorithms for replicated database maintenance (1987), sections 1.3 and 2",
    };

    fn boot(ctx: &mut Context<'_, Self>, config: &Config, stable: Stable) -> Self {
        let mut replica = Self { config: *config, stable, left: 0, awake: false };
        let deleted = replica.stable.table.iter().filter(|(_, entry)| entry.value.is_none());
        for key in deleted.map(|(key, _)| key.clone()).collect::<Vec<_>>() {
            replica.keep(ctx, key);
        }
        replica.wake(ctx);
        replica
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Put { key, value } => self.on_write(ctx, key, Some(value)),
            Request::Delete { key } => self.on_write(ctx, key, None),
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Digest { stamps } => self.on_digest(ctx, from, &stamps),
            Message::Delta { newer, wanted } => self.on_delta(ctx, from, newer, &wanted),
            Message::Update { newer } => self.take(ctx, newer),
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Round => self.on_round(ctx),
            Timer::Discard(key) => self.on_discard(ctx, &key),
        }
    }
}

impl AntiEntropy {
    /// Upon event ⟨put⟩ or ⟨delete⟩: a write that is newer than everything this process knows of.
    fn on_write(&mut self, ctx: &mut Context<'_, Self>, key: String, value: Option<String>) {
        let stamp = Stamp { time: self.stable.clock + 1, by: ctx.me() };
        self.take(ctx, BTreeMap::from([(key, Entry { value, stamp })]));
    }

    /// Upon a round: begin an exchange with somebody.
    fn on_round(&mut self, ctx: &mut Context<'_, Self>) {
        self.awake = false;
        if self.config.rounds.is_some() {
            if self.left == 0 {
                return;
            }
            self.left -= 1;
        }
        let Some(peer) = any_other(ctx) else { return };
        let stamps = self.stable.table.iter().map(|(key, entry)| (key.clone(), entry.stamp)).collect();
        ctx.send(peer, Message::Digest { stamps });
        self.awake = true;
        ctx.set_timer(Timer::Round, self.config.period);
    }

    /// Upon a digest: what is newer here, and what is newer there.
    fn on_digest(&self, ctx: &mut Context<'_, Self>, from: ProcessId, stamps: &BTreeMap<String, Stamp>) {
        let table = &self.stable.table;
        let newer = table.iter().filter(|(key, entry)| stamps.get(*key) < Some(&entry.stamp));
        let newer = newer.map(|(key, entry)| (key.clone(), entry.clone())).collect();
        let older = |key: &String, stamp| table.get(key).is_none_or(|entry| entry.stamp < stamp);
        let wanted = match self.config.mode {
            Mode::Pull => Vec::new(),
            Mode::PushPull => {
                let wanted = stamps.iter().filter(|(key, stamp)| older(key, **stamp));
                wanted.map(|(key, _)| key.clone()).collect()
            }
        };
        ctx.send(from, Message::Delta { newer, wanted });
    }

    /// Upon the answer: take what is newer there, give what is wanted.
    fn on_delta(
        &mut self,
        ctx: &mut Context<'_, Self>,
        from: ProcessId,
        newer: BTreeMap<String, Entry>,
        wanted: &[String],
    ) {
        self.take(ctx, newer);
        let table = &self.stable.table;
        let entry = |key: &String| Some((key.clone(), table.get(key)?.clone()));
        let newer: BTreeMap<String, Entry> = wanted.iter().filter_map(entry).collect();
        if !newer.is_empty() {
            ctx.send(from, Message::Update { newer });
        }
    }

    /// Takes what is newer than what is known, the greatest stamp winning; saves it before anybody is told.
    fn take(&mut self, ctx: &mut Context<'_, Self>, mut newer: BTreeMap<String, Entry>) {
        newer.retain(|key, entry| self.is_news(key, entry));
        if newer.is_empty() {
            return;
        }
        for (key, entry) in &newer {
            self.stable.clock = self.stable.clock.max(entry.stamp.time);
            if entry.value.is_none() && self.config.certificates == Certificates::None {
                self.stable.table.remove(key);
            } else {
                self.stable.table.insert(key.clone(), entry.clone());
            }
        }
        ctx.save(self.stable.clone());
        for (key, Entry { value, stamp }) in newer {
            if value.is_none() {
                self.keep(ctx, key.clone());
            }
            ctx.produce(Output::Changed { key, value, stamp });
        }
        self.wake(ctx);
    }

    /// Whether an entry is to be taken. Where certificates are discarded one day, an old one for a key that is not there
    /// is not: two processes would hand it to and fro for ever.
    fn is_news(&self, key: &str, entry: &Entry) -> bool {
        match self.stable.table.get(key) {
            Some(known) => known.stamp < entry.stamp,
            None => {
                entry.value.is_some()
                    || entry.stamp.time > self.stable.clock
                    || self.config.certificates == Certificates::Forever
            }
        }
    }

    /// Sees to it that the certificate of a key is discarded in time.
    fn keep(&self, ctx: &mut Context<'_, Self>, key: String) {
        if let Certificates::Keep(time) = self.config.certificates {
            ctx.set_timer(Timer::Discard(key), time);
        }
    }

    /// Upon the end of a certificate's time; a key that has a value again has none.
    fn on_discard(&mut self, ctx: &mut Context<'_, Self>, key: &str) {
        if self.stable.table.get(key).is_some_and(|entry| entry.value.is_none()) {
            self.stable.table.remove(key);
            ctx.save(self.stable.clone());
        }
    }

    /// There is something to compare: so many more exchanges.
    fn wake(&mut self, ctx: &mut Context<'_, Self>) {
        self.left = self.config.rounds.unwrap_or(0);
        let ever = self.config.rounds != Some(0) && ctx.group_size() > 1;
        if ever && !self.awake {
            self.awake = true;
            ctx.set_timer(Timer::Round, self.config.period);
        }
    }
}
