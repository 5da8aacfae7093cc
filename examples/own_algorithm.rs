//! An algorithm of one's own, with its own problem and properties: an election by one vote each.
//!
//! ```text
//! ann --ask--> everybody      "May I have your vote?"
//! bob --vote(ann)--> ann      Who was asked first gets it, for good. Two votes of three are a majority.
//! ```
//!
//! Try it, then let the voters forget what they promised:
//!
//! ```text
//! cargo run --example own_algorithm -- run examples/own_algorithm.yaml
//! cargo run --example own_algorithm -- run examples/own_algorithm.yaml --set algorithm.config.durable=false
//! ```

use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt, process::ExitCode, time::Duration};
use synod::{
    process::{
        Context, Description, Example, History, Measure, Problem, Process, ProcessId, Property, PropertyKind,
        Sees, Verdict, What,
    },
    registry::Registry,
};

/// Hands this algorithm, and those that come with synod, to the command line.
pub fn main() -> ExitCode {
    synod::cli::main(&Registry::standard().with::<MajorityVote>())
}

// ---- The problem: what is asked, what is answered, and what must be true of the answers. ----

/// Choose one of those who stand for election.
#[derive(Debug)]
pub enum Election {}

/// What the application asks of a process; `request: stand` in a scenario.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Request {
    /// Stand for election.
    Stand,
}

/// What a process tells the application.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Output {
    /// This process has a majority.
    Elected(ProcessId),
    /// Everybody has voted and nobody has a majority.
    Nobody,
}

/// For the sentences of properties; a process is shown by its name in the scenario.
impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Elected(winner) => write!(f, "{winner} is elected"),
            Self::Nobody => f.write_str("nobody is elected"),
        }
    }
}

impl Problem for Election {
    const NAME: &'static str = "election";
    type Request = Request;
    type Output = Output;
    const REQUESTS: &'static [Example] =
        &[Example { node: "alice", request: "stand", about: "Stand for election." }];

    fn properties() -> Vec<Property<Self>> {
        vec![
            Property {
                name: "one-outcome",
                about: "No two candidates learn different outcomes.",
                kind: PropertyKind::Safety,
                sees: Sees::Nodes,
                check: one_outcome,
            },
            Property {
                name: "outcome",
                about: "Every candidate that stays up learns the outcome.",
                kind: PropertyKind::Liveness,
                sees: Sees::Nodes,
                check: outcome,
            },
        ]
    }

    fn measures() -> Vec<Measure<Self>> {
        Vec::new()
    }
}

/// Safety: looks at every event and points at the two that contradict each other.
fn one_outcome(history: &History<'_, Election>) -> Verdict {
    let mut first: Option<(u64, &Output)> = None;
    let mut examined = 0;
    for step in &history.steps {
        let What::Output(output) = step.what else { continue };
        match first {
            None => first = Some((step.event, output)),
            Some((_, said)) if said == output => {}
            Some((event, said)) => {
                let because = format!("{} learns: {output}; before it was: {said}", step.node);
                return Verdict::violated([event, step.event], because);
            }
        }
        examined += 1;
    }
    Verdict::of(examined)
}

/// Liveness: looks at what is still owed at the end. Only a process that never crashed owes anything.
fn outcome(history: &History<'_, Election>) -> Verdict {
    let correct = history.correct();
    let mut open = BTreeMap::new();
    let mut examined = 0;
    for step in history.steps.iter().filter(|step| correct[step.node.index()]) {
        match step.what {
            What::Request(Request::Stand) => drop(open.insert(step.node, step.event)),
            What::Output(_) => examined += u64::from(open.remove(&step.node).is_some()),
            _ => {}
        }
    }
    match open.first_key_value() {
        None => Verdict::of(examined),
        Some((node, event)) => {
            Verdict::unmet(history.end, [*event], format!("{node} never learns the outcome"))
        }
    }
}

// ---- The algorithm: how it is done. ----

/// One participant. Everybody is a voter; a candidate is a voter that counts.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct MajorityVote {
    config: Config,
    /// Whom this process has voted for, if anybody yet.
    vote: Option<ProcessId>,
    role: Role,
}

/// What a process is at the moment.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Role {
    /// Votes when it is asked.
    Voter,
    /// Collects votes: who voted for whom.
    Candidate { votes: BTreeMap<ProcessId, ProcessId> },
}

/// The scenario's `algorithm.config`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Config {
    /// Whether a vote is written to stable storage before it is given. Say `false` to see why it must be.
    pub durable: bool,
    /// How long a candidate waits before it asks again those who have not answered.
    #[serde(with = "synod::process::duration")]
    pub patience: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self { durable: true, patience: Duration::from_millis(100) }
    }
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// May I have your vote?
    Ask,
    /// My vote is for this one.
    Vote(ProcessId),
}

/// The names of the timers.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Timer {
    /// Time to ask again.
    AskAgain,
}

impl Process for MajorityVote {
    type Problem = Election;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    /// All that must survive a crash is the vote that was given.
    type Stable = Option<ProcessId>;

    const DESCRIPTION: Description = Description {
        name: "majority-vote",
        summary: "Everybody has one vote, given to who asks first; a majority wins.",
        assumes: &["a majority of the processes is up, in the end"],
        promises: &["one-outcome", "outcome"],
        messages: &[("ask", "may I have your vote?"), ("vote", "whom I have voted for")],
        cost: "2(N-1) messages and 2 message delays for each candidate, without loss",
        breaks: &["a vote that is not saved is given twice after a crash (one-outcome)"],
        source: "the voting step of many algorithms, Raft's among them (Ongaro, Ousterhout 2014, section 5.2)",
    };

    /// Starting for the first time and coming back after a crash are the same: `stable` is what was saved last.
    fn boot(_ctx: &mut Context<'_, Self>, config: &Config, stable: Option<ProcessId>) -> Self {
        Self { config: config.clone(), vote: stable, role: Role::Voter }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Stand => self.on_stand(ctx),
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Ask => self.on_ask(ctx, from),
            Message::Vote(choice) => self.on_vote(ctx, from, choice),
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::AskAgain => self.ask(ctx),
        }
    }
}

impl MajorityVote {
    /// A candidate votes for itself, unless it has voted for somebody else before, and asks the others.
    fn on_stand(&mut self, ctx: &mut Context<'_, Self>) {
        self.role = Role::Candidate { votes: BTreeMap::new() };
        let choice = self.choose(ctx, ctx.me());
        self.ask(ctx);
        self.on_vote(ctx, ctx.me(), choice);
    }

    /// Somebody wants this process's vote: it hears whom the vote went to, whoever that is.
    fn on_ask(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId) {
        let choice = self.choose(ctx, from);
        ctx.send(from, Message::Vote(choice));
    }

    /// A vote comes in: announce the outcome as soon as no later vote can change it.
    fn on_vote(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, choice: ProcessId) {
        let Role::Candidate { votes } = &mut self.role else { return };
        votes.insert(from, choice);
        let for_choice = votes.values().filter(|voted| **voted == choice).count();
        let outcome = if 2 * for_choice > ctx.group_size() {
            Output::Elected(choice)
        } else if votes.len() == ctx.group_size() {
            Output::Nobody
        } else {
            return;
        };
        self.role = Role::Voter;
        ctx.cancel_timer(Timer::AskAgain);
        ctx.produce(outcome);
    }

    /// Asks everybody who has not answered yet, and again when the timer runs out.
    fn ask(&self, ctx: &mut Context<'_, Self>) {
        let Role::Candidate { votes } = &self.role else { return };
        let me = ctx.me();
        let silent = ctx.group().filter(|other| *other != me && !votes.contains_key(other));
        ctx.multicast(silent, Message::Ask);
        ctx.set_timer(Timer::AskAgain, self.config.patience..=2 * self.config.patience);
    }

    /// The one vote of this process: `wanted`, if it is still free. It is saved before anybody hears of it.
    fn choose(&mut self, ctx: &mut Context<'_, Self>, wanted: ProcessId) -> ProcessId {
        if let Some(given) = self.vote {
            return given;
        }
        self.vote = Some(wanted);
        if self.config.durable {
            ctx.save(self.vote);
        }
        wanted
    }
}
