//! Anti-entropy (Demers et al. 1987, sections 1.3 and 2) and its mutants.

use super::{milliseconds, written};
use crate::trial::Trial;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};
use synod::{
    algorithms::anti_entropy::{AntiEntropy, Certificates, Config, Mode},
    problems::replication::{Output, Replication, Request, Stamp},
    process::{Context, Description, Process, ProcessId},
    world::{Action, Heal, Probability, Targets},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// An entry with the same stamp is taken again.
    TakesEqual,
    /// What comes last wins.
    ByArrival,
    /// Nothing survives a crash.
    NothingSaved,
    /// A deletion leaves nothing behind.
    NoCertificate,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
struct Settings {
    bug: Bug,
    rounds: u32,
}

type Table = BTreeMap<String, (Stamp, Option<String>)>;

/// Whole tables instead of digests: what is sent is answered, both take what is newer.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Mutant {
    settings: Settings,
    left: u32,
    table: Table,
}

const PERIOD: Duration = Duration::from_millis(100);

impl Process for Mutant {
    type Problem = Replication;
    type Config = Settings;
    type Message = (bool, Table);
    type Timer = ();
    type Stable = Table;
    const DESCRIPTION: Description = Description::named("anti-entropy-mutant");

    fn boot(ctx: &mut Context<'_, Self>, settings: &Settings, table: Table) -> Self {
        ctx.set_timer((), PERIOD);
        Self { settings: *settings, left: settings.rounds, table }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        let time = 1 + self.table.values().map(|(stamp, _)| stamp.time).max().unwrap_or(0);
        let stamp = Stamp { time, by: ctx.me() };
        match request {
            Request::Put { key, value } => self.take(ctx, key, stamp, Some(value)),
            Request::Delete { key } => self.take(ctx, key, stamp, None),
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, (asks, table): (bool, Table)) {
        if asks {
            ctx.send(from, (false, self.table.clone()));
        }
        for (key, (stamp, value)) in table {
            let known = self.table.get(&key);
            let takes = match (self.settings.bug, known) {
                (_, None) => true,
                (Bug::TakesEqual, Some((known, _))) => stamp >= *known,
                (Bug::ByArrival, Some((known, _))) => stamp != *known,
                (_, Some((known, _))) => stamp > *known,
            };
            if takes {
                self.take(ctx, key, stamp, value);
            }
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, (): ()) {
        if self.left > 0 {
            self.left -= 1;
            let (me, size) = (ctx.me().0, ctx.group_size() as u32);
            let peer = ProcessId((me + 1 + ctx.choose(size - 1)) % size);
            ctx.send(peer, (true, self.table.clone()));
            ctx.set_timer((), PERIOD);
        }
    }
}

impl Mutant {
    fn take(&mut self, ctx: &mut Context<'_, Self>, key: String, stamp: Stamp, value: Option<String>) {
        if value.is_none() && self.settings.bug == Bug::NoCertificate {
            self.table.remove(&key);
        } else {
            self.table.insert(key.clone(), (stamp, value.clone()));
        }
        if self.settings.bug != Bug::NothingSaved {
            ctx.save(self.table.clone());
        }
        ctx.produce(Output::Changed { key, value, stamp });
    }
}

const PROMISES: &[&str] = &["convergence", "no-creation", "monotone"];
const ALL: &[&str] = &["convergence", "no-creation", "monotone", "no-resurrection"];

fn mutant(bug: Bug, rounds: u32) -> Settings {
    Settings { bug, rounds }
}

/// Both write the same key before they hear of each other.
fn two_writers() -> Trial<Replication> {
    written(2, &[(0, 0, "x", Some("1")), (0, 1, "x", Some("2"))])
}

/// 0 writes a key, and deletes it when 1 has it.
fn a_deletion() -> Trial<Replication> {
    written(2, &[(0, 0, "x", Some("1")), (150, 0, "x", None)])
}

/// 0 writes, crashes, comes back and writes again.
fn a_crash() -> Trial<Replication> {
    let trial = written(2, &[(0, 0, "x", Some("1")), (250, 0, "x", Some("2"))]);
    let victim = Targets::Node(ProcessId(0));
    trial.with(50, Action::Crash { targets: victim, after_sends: None }).with(200, Action::Restart(victim))
}

#[test]
fn without_a_bug_it_keeps_its_promises() {
    for trial in [two_writers(), a_crash()] {
        trial.survives::<Mutant>(&mutant(Bug::None, 10), PROMISES);
        trial.survives::<AntiEntropy>(&Config::default(), PROMISES);
        trial.survives::<AntiEntropy>(&Config { mode: Mode::Pull, ..Default::default() }, PROMISES);
    }
    a_deletion().survives::<Mutant>(&mutant(Bug::None, 10), ALL);
    a_deletion().duplicating().survives::<AntiEntropy>(&Config::default(), ALL);
    let mut lossy = a_deletion();
    lossy.setup.network.loss = Probability::parts_per_billion(300_000_000);
    lossy.survives::<AntiEntropy>(&Config::default(), ALL);
}

#[test]
fn every_bug_breaks_its_promise() {
    // What comes back is taken again: one table to 1, and it says the same.
    let one_write = written(2, &[(0, 0, "x", Some("1"))]);
    one_write.kills::<Mutant>(&mutant(Bug::TakesEqual, 2), "monotone", (4, 3));
    one_write.survives::<Mutant>(&mutant(Bug::None, 2), PROMISES.get(..2).unwrap_or_default());
    // Two tables cross: each takes the other's value.
    two_writers().kills::<Mutant>(&mutant(Bug::ByArrival, 1), "convergence", (4, 4));
    two_writers().kills::<Mutant>(&mutant(Bug::ByArrival, 1), "monotone", (4, 4));
    // The second write has the first one's stamp.
    a_crash().kills::<Mutant>(&mutant(Bug::NothingSaved, 1), "monotone", (2, 1));
}

#[test]
fn museum_75_a_deletion_without_a_certificate_is_undone() {
    a_deletion().kills::<Mutant>(&mutant(Bug::NoCertificate, 3), "no-resurrection", (8, 8));
    let config = Config { certificates: Certificates::None, ..Default::default() };
    a_deletion().kills::<AntiEntropy>(&config, "no-resurrection", (8, 8));
    a_deletion().kills::<AntiEntropy>(&config, "monotone", (8, 8));
    // One deletion and one exchange, two messages: 0 pulls what it had deleted.
    let mut short = written(2, &[(0, 0, "x", Some("1")), (1, 0, "x", None)]);
    short.setup.until = milliseconds(1000);
    let pull = Config { mode: Mode::Pull, ..config };
    assert_eq!(short.search::<AntiEntropy>(&pull, "no-resurrection"), None, "1 never had it");
}

#[test]
fn a_certificate_that_is_discarded_too_early_is_as_good_as_none() {
    let all: Vec<ProcessId> = (0..3).map(ProcessId).collect();
    let mut trial = written(3, &[(0, 0, "x", Some("1")), (850, 0, "x", None)])
        .with(800, Action::Partition(vec![all[..2].to_vec(), all[2..].to_vec()]))
        .with(1400, Action::Heal(Heal::Partitions));
    trial.setup.until = milliseconds(2200);
    let config = |certificates| Config { certificates, rounds: None, ..Default::default() };
    let keep = |milliseconds| config(Certificates::Keep(Duration::from_millis(milliseconds)));
    trial.kills::<AntiEntropy>(&keep(300), "no-resurrection", (1000, 1000));
    trial.survives::<AntiEntropy>(&keep(2000), &["no-resurrection", "monotone", "no-creation"]);
    trial.survives::<AntiEntropy>(&config(Certificates::Forever), &["no-resurrection", "monotone"]);
}
