//! A failure detector by heartbeats: who has been silent for too long is suspected.
//!
//! Chandra, Toueg, "Unreliable failure detectors for reliable distributed systems" (1996), section 9; Cachin,
//! Guerraoui, Rodrigues, "Introduction to reliable and secure distributed programming" (2011), algorithms 2.5
//! (perfect) and 2.7 (eventually perfect). With a bound on delays that the timeout exceeds by one period it is the
//! perfect detector P: it suspects all who crash and nobody else. Without one it errs, takes the error back when it
//! hears from the suspect, and allows that process more time from then on: the eventually perfect detector ◇P.

use crate::process::{Context, Process, ProcessId, duration};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// How often to be heard, and how long to wait.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// How long after one heartbeat the next is sent.
    #[serde(with = "duration")]
    pub period: Duration,
    /// How long a process may be silent before it is suspected: a period, the longest delay and some more.
    #[serde(with = "duration")]
    pub timeout: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self { period: Duration::from_millis(50), timeout: Duration::from_millis(200) }
    }
}

/// The message: a sign of life.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Alive;

/// The timers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pulse {
    /// The next heartbeat is due.
    Beat,
    /// Nothing was heard of this process for its whole timeout.
    Silent(ProcessId),
}

/// What one process knows of the others' life. Its owner's messages have a case for [`Alive`], its timers one for
/// [`Pulse`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Heartbeat {
    config: Config,
    watched: BTreeSet<ProcessId>,
    suspected: BTreeSet<ProcessId>,
    /// How often each process was suspected for nothing.
    errors: BTreeMap<ProcessId, u32>,
}

/// Nothing is faster than this, lest a configuration of zero stop the time.
const SHORTEST: Duration = Duration::from_millis(1);

impl Heartbeat {
    /// Begins to send heartbeats to `watched` and to listen for theirs; this process itself is left out.
    pub fn start<P>(
        ctx: &mut Context<'_, P>,
        config: Config,
        watched: impl IntoIterator<Item = ProcessId>,
    ) -> Self
    where
        P: Process<Message: From<Alive>, Timer: From<Pulse>>,
    {
        let heartbeat = Self::listen(ctx, config, watched);
        heartbeat.beat(ctx);
        heartbeat
    }

    /// Begins to listen for the heartbeats of `watched` and sends none: the owner does, in its own words.
    pub fn listen<P: Process<Timer: From<Pulse>>>(
        ctx: &mut Context<'_, P>,
        config: Config,
        watched: impl IntoIterator<Item = ProcessId>,
    ) -> Self {
        let me = ctx.me();
        let (period, timeout) = (config.period.max(SHORTEST), config.timeout.max(SHORTEST));
        let config = Config { period, timeout };
        let watched: BTreeSet<ProcessId> = watched.into_iter().filter(|process| *process != me).collect();
        for process in &watched {
            ctx.set_timer(Pulse::Silent(*process).into(), config.timeout);
        }
        Self { config, watched, suspected: BTreeSet::new(), errors: BTreeMap::new() }
    }

    /// Watches somebody else, too.
    pub fn watch<P: Process<Timer: From<Pulse>>>(&mut self, ctx: &mut Context<'_, P>, process: ProcessId) {
        if process != ctx.me() && self.watched.insert(process) {
            ctx.set_timer(Pulse::Silent(process).into(), self.timeout(process));
        }
    }

    /// Sends no more heartbeats to a process and does not wait for its own; it is not suspected any longer.
    pub fn forget<P: Process<Timer: From<Pulse>>>(&mut self, ctx: &mut Context<'_, P>, process: ProcessId) {
        if self.watched.remove(&process) {
            self.suspected.remove(&process);
            ctx.cancel_timer(Pulse::Silent(process).into());
        }
    }

    /// Whether a process is suspected.
    pub fn suspects(&self, process: ProcessId) -> bool {
        self.suspected.contains(&process)
    }

    /// All who are suspected.
    pub fn suspected(&self) -> &BTreeSet<ProcessId> {
        &self.suspected
    }

    /// Upon a heartbeat of `from`: gives whether it was suspected until now, for nothing.
    pub fn on_alive<P: Process<Timer: From<Pulse>>>(
        &mut self,
        ctx: &mut Context<'_, P>,
        from: ProcessId,
    ) -> bool {
        if !self.watched.contains(&from) {
            return false;
        }
        let restored = self.suspected.remove(&from);
        if restored {
            *self.errors.entry(from).or_default() += 1;
        }
        ctx.set_timer(Pulse::Silent(from).into(), self.timeout(from));
        restored
    }

    /// Upon one of its timers: gives who is suspected from now on, if anybody.
    pub fn on_pulse<P>(&mut self, ctx: &mut Context<'_, P>, pulse: Pulse) -> Option<ProcessId>
    where
        P: Process<Message: From<Alive>, Timer: From<Pulse>>,
    {
        match pulse {
            Pulse::Beat => {
                self.beat(ctx);
                None
            }
            Pulse::Silent(process) => self.on_silence(process),
        }
    }

    /// Upon a process's silence for its whole timeout: gives it if it is suspected from now on.
    pub fn on_silence(&mut self, process: ProcessId) -> Option<ProcessId> {
        (self.watched.contains(&process) && self.suspected.insert(process)).then_some(process)
    }

    fn beat<P: Process<Message: From<Alive>, Timer: From<Pulse>>>(&self, ctx: &mut Context<'_, P>) {
        ctx.multicast(self.watched.iter().copied(), Alive.into());
        ctx.set_timer(Pulse::Beat.into(), self.config.period);
    }

    /// What a process is allowed: twice as much for each time that it was suspected for nothing.
    fn timeout(&self, process: ProcessId) -> Duration {
        let errors = self.errors.get(&process).copied().unwrap_or_default();
        self.config.timeout.saturating_mul(1 << errors.min(16))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        problems::broadcast::Broadcast,
        process::{Description, Effect, Effects, LocalTime, Neighbours, Request, Scene, TimerRange},
    };

    /// Somebody who owns a detector and does nothing else.
    #[derive(Clone, PartialEq, Eq, Hash, Debug)]
    struct Owner;

    impl Process for Owner {
        type Problem = Broadcast;
        type Config = ();
        type Message = Alive;
        type Timer = Pulse;
        type Stable = ();
        const DESCRIPTION: Description = Description::named("owner");

        fn boot(_ctx: &mut Context<'_, Self>, (): &(), (): ()) -> Self {
            Self
        }
        fn on_request(&mut self, _ctx: &mut Context<'_, Self>, _request: Request<Self>) {}
        fn on_message(&mut self, _ctx: &mut Context<'_, Self>, _from: ProcessId, _alive: Alive) {}
        fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, _pulse: Pulse) {}
    }

    const OTHER: ProcessId = ProcessId(1);

    /// What the first of three processes does and answers.
    fn step<T>(handler: impl FnOnce(&mut Context<'_, Owner>) -> T) -> (T, Effects<Owner>) {
        let me = ProcessId(0);
        let neighbours = Neighbours::everybody(me, 3);
        let scene = Scene { me, group_size: 3, neighbours, now: LocalTime(0), clock_read: None };
        let mut effects = Effects::new();
        let answer = handler(&mut Context::new(scene, &mut effects, &mut ()));
        (answer, effects)
    }

    fn started() -> (Heartbeat, Effects<Owner>) {
        step(|ctx| Heartbeat::start(ctx, Config::default(), ctx.group()))
    }

    /// How long a process may be silent from now on.
    fn patience(effects: &Effects<Owner>, process: ProcessId) -> Option<Duration> {
        let mut set = effects.list.iter().filter_map(|effect| match effect {
            Effect::SetTimer { timer, range: TimerRange { min, .. } } if *timer == Pulse::Silent(process) => {
                Some(*min)
            }
            _ => None,
        });
        set.next_back()
    }

    #[test]
    fn it_begins_with_a_heartbeat_for_all_others_and_none_for_itself() {
        let (heartbeat, effects) = started();
        assert_eq!(effects.targets, [OTHER, ProcessId(2)]);
        assert_eq!(patience(&effects, OTHER), Some(Config::default().timeout));
        assert_eq!(patience(&effects, ProcessId(0)), None);
        assert!(heartbeat.suspected().is_empty());
    }

    #[test]
    fn each_wrong_suspicion_doubles_the_timeout_but_not_for_ever() {
        let (mut heartbeat, _) = started();
        let (restored, _) = step(|ctx| heartbeat.on_alive(ctx, OTHER));
        assert!(!restored, "it was not suspected");
        for error in 1..40_u32 {
            let (suspect, _) = step(|ctx| heartbeat.on_pulse(ctx, Pulse::Silent(OTHER)));
            assert_eq!(suspect, Some(OTHER));
            let (again, _) = step(|ctx| heartbeat.on_pulse(ctx, Pulse::Silent(OTHER)));
            assert_eq!(again, None, "it is suspected already");
            let (restored, effects) = step(|ctx| heartbeat.on_alive(ctx, OTHER));
            assert!(restored && !heartbeat.suspects(OTHER));
            let wanted = Config::default().timeout * (1 << error.min(16));
            assert_eq!(patience(&effects, OTHER), Some(wanted));
        }
    }

    #[test]
    fn who_is_forgotten_is_neither_suspected_nor_heard() {
        let (mut heartbeat, _) = started();
        step(|ctx| heartbeat.on_pulse(ctx, Pulse::Silent(OTHER)));
        step(|ctx| heartbeat.forget(ctx, OTHER));
        assert!(!heartbeat.suspects(OTHER));
        let (restored, effects) = step(|ctx| heartbeat.on_alive(ctx, OTHER));
        assert!(!restored && effects.list.is_empty());
        let (_, effects) = step(|ctx| heartbeat.on_pulse(ctx, Pulse::Beat));
        assert_eq!(effects.targets, [ProcessId(2)]);
        let (_, effects) = step(|ctx| heartbeat.watch(ctx, OTHER));
        assert_eq!(patience(&effects, OTHER), Some(Config::default().timeout));
    }
}
