//! Total order by a token that goes around a ring: who has it numbers its messages and broadcasts them.
//!
//! Amir, Moser, Melliar-Smith, Agarwal, Ciarfella, "The Totem single-ring ordering and membership protocol" (1995),
//! section 4. A lost token is made anew in a simple way of our own (`gather.rs`): the paper's membership protocol, with
//! extended virtual synchrony, is another problem. The paper's token never stops. Here one that found nothing to do in
//! two rotations rests where it is and is woken by who has something to say, much as in the Corosync implementation,
//! so that a run comes to an end.
//!
//! ```text
//! p  --data(1), data(2)--> everybody      p  --token(highest 2)--> q
//! q  has no 1: asks on the token          q  --token(highest 2, missing 1)--> r
//! r  --data(1)--> everybody               r  --token(highest 2)--> p
//! ```

mod gather;
mod visit;

use crate::{
    problems::broadcast::{Broadcast, Delivery, Output, Request},
    process::{Context, Description, Process, ProcessId, duration},
};
use gather::{Gathering, Holding};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct TokenTotalOrder {
    config: Config,
    /// Whether this is a second life. It takes part in nothing: it has forgotten what it numbered and what it received.
    retired: bool,
    /// The ring this process belongs to: tokens and data of others are nothing to it.
    ring: Ring,
    /// Who is taken for crashed.
    gone: BTreeSet<ProcessId>,
    /// The number of the token's last visit that this process knows of: older tokens are copies.
    visit: u64,
    /// The token, while it rests here.
    token: Option<Token>,
    /// Where the token rests, as far as this process knows; nobody while it goes around.
    resting: Option<ProcessId>,
    /// The token as it was passed on, and to whom, until there is a sign that it arrived.
    passed: Option<(ProcessId, Token)>,
    /// At the leader, while a new ring forms: who has answered.
    gathering: Option<Gathering>,
    /// How many messages this process has broadcast.
    sent: u64,
    /// Own messages that wait for the token.
    pending: VecDeque<(u64, String)>,
    /// Messages by number, until everybody has them; nothing where the message went down with its sender.
    store: BTreeMap<u64, Option<Said>>,
    /// The highest number that this process has heard of.
    highest: u64,
    /// My_aru: this process has received all messages up to this number.
    received: u64,
    /// What the token said on its last visit that all have received.
    received_by_all: u64,
    /// All messages up to this number are delivered.
    delivered: u64,
}

/// A ring's name. A later ring has a greater one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ring {
    /// How many rings there were before it, at least.
    pub number: u64,
    /// Who formed it.
    pub leader: ProcessId,
}

/// What goes around.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// Whose token it is.
    pub ring: Ring,
    /// Token_seq: counts the visits, so that copies are known.
    pub visit: u64,
    /// Seq: the highest number that was given to a message.
    pub highest: u64,
    /// Aru: all have received everything up to this number, as far as is known.
    pub received: u64,
    /// Aru_id: who lowered that last, because it misses the next message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lowered_by: Option<ProcessId>,
    /// Rtr: the messages that somebody misses.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub missing: BTreeSet<u64>,
    /// On a new ring's first rotation: the numbers that stand for nothing, because their messages went down with their
    /// senders.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub nothing: BTreeSet<u64>,
    /// Who is passed over.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub gone: BTreeSet<ProcessId>,
    /// How many visits in a row found nothing to do.
    pub idle: u64,
}

/// A message.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Said {
    origin: ProcessId,
    id: u64,
    body: String,
}

/// The scenario's `algorithm.config`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// When a message is delivered.
    pub delivery: When,
    /// How many messages a process may send at one visit of the token.
    pub window: u32,
    /// After how long the token, or what asks for it, is sent again: a rotation or more, lest it be sent for nothing.
    #[serde(with = "duration")]
    pub resend: Duration,
    /// After how long without the token it is taken for lost; each process waits by one `resend` longer than the one
    /// before, so that the first who lives forms the new ring.
    #[serde(with = "duration")]
    pub token_loss: Duration,
    /// How long a new ring waits for those who are silent; then they are taken for crashed.
    #[serde(with = "duration")]
    pub gather: Duration,
}

/// Sending again without any pause would leave no time for an answer.
const SHORTEST: Duration = Duration::from_millis(1);

/// When a message is delivered.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// When all before it have been received.
    #[default]
    Agreed,
    /// When everybody is known to have received it, too.
    Safe,
}

impl Default for Config {
    fn default() -> Self {
        let milliseconds = Duration::from_millis;
        let (resend, token_loss, gather) = (milliseconds(200), milliseconds(2000), milliseconds(1000));
        Self { delivery: When::Agreed, window: 10, resend, token_loss, gather }
    }
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// To the next in the ring.
    Token(Token),
    /// To everybody: a message, for the first time or again.
    Data {
        /// On which ring it was sent.
        ring: Ring,
        /// Its place in the one order.
        number: u64,
        /// Who said it.
        origin: ProcessId,
        /// Which of the origin's messages it is, counted from 1.
        id: u64,
        /// What was said.
        body: String,
    },
    /// To everybody: the token has nothing to do and rests.
    Rest {
        /// Whose token it is.
        ring: Ring,
        /// Since which visit.
        visit: u64,
        /// Where.
        holder: ProcessId,
    },
    /// To where the token rests: it has something to do.
    Wake {
        /// Whose token it is.
        ring: Ring,
        /// Since which visit it rests.
        visit: u64,
    },
    /// To everybody: the token is lost, here is a new ring.
    Gather {
        /// Its name.
        ring: Ring,
    },
    /// To the leader of a new ring: what its sender has.
    Join {
        /// The new ring's name.
        ring: Ring,
        /// The sender has heard of numbers up to this,
        highest: u64,
        /// has received all messages up to this number,
        received: u64,
        /// could send these, of these senders,
        stored: BTreeMap<u64, ProcessId>,
        /// and knows that these stand for nothing.
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        nothing: BTreeSet<u64>,
    },
}

/// The timers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Timer {
    /// There is no sign that what was sent last arrived.
    Resend,
    /// The token did not come for a long time.
    TokenLoss,
    /// A new ring has waited long enough for the silent.
    Gather,
}

impl Process for TokenTotalOrder {
    type Problem = Broadcast;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Stable = bool;

    const DESCRIPTION: Description = Description {
        name: "token-total-order",
        summary: "A token goes around; who has it numbers its messages and broadcasts them; what is lost is asked for on the token.",
        assumes: &[
            "links may lose, duplicate and delay, but not cut anybody off: who is silent for all of `gather` has crashed",
            "who crashed is gone for good: when it comes back, it takes no part",
        ],
        promises: &[
            "validity",
            "self-delivery",
            "agreement",
            "integrity",
            "fifo-order",
            "causal-order",
            "total-order",
        ],
        messages: &[
            (
                "token",
                "to the next: the highest number given, what all have received, which messages somebody misses",
            ),
            ("data", "to everybody: a message with its number"),
            ("rest", "to everybody: the token had nothing to do in two rotations and rests here"),
            ("wake", "to where the token rests: it has something to do"),
            ("gather", "to everybody: the token is lost, here is a new ring"),
            ("join", "to the leader of the new ring: what its sender has"),
        ],
        cost: "N tokens for each rotation and N-1 data for each broadcast; two rotations with nothing to do and N-1 rest end a burst; a wake begins one, unless the token rests at the sender",
        breaks: &[
            "a partition for longer than `token-loss` and `gather`: both sides go on without the other (validity)",
            "with delivery `agreed` a process delivers, and crashes before anybody else has the message (uniform-agreement); `safe` waits for everybody",
        ],
        source: "Amir, Moser, Melliar-Smith, Agarwal, Ciarfella, The Totem single-ring ordering and membership protocol (1995), section 4",
    };

    /// What survives a crash is that there was a life before it.
    fn boot(ctx: &mut Context<'_, Self>, config: &Config, lived: bool) -> Self {
        if !lived {
            ctx.save(true);
        }
        let first = ProcessId(0);
        let ring = Ring { number: 0, leader: first };
        Self {
            config: Config { resend: config.resend.max(SHORTEST), ..*config },
            retired: lived,
            ring,
            gone: BTreeSet::new(),
            visit: 0,
            token: (ctx.me() == first).then(|| Token::new(ring)),
            resting: Some(first),
            passed: None,
            gathering: None,
            sent: 0,
            pending: VecDeque::new(),
            store: BTreeMap::new(),
            highest: 0,
            received: 0,
            received_by_all: 0,
            delivered: 0,
        }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        if self.retired {
            return;
        }
        match request {
            Request::Broadcast(body) => self.on_broadcast(ctx, body),
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        if self.retired {
            return;
        }
        match message {
            Message::Token(token) => self.on_token(ctx, from, token),
            Message::Data { ring, number, origin, id, body } => {
                self.on_data(ctx, ring, number, Said { origin, id, body })
            }
            Message::Rest { ring, visit, holder } => self.on_rest(ctx, ring, visit, holder),
            Message::Wake { ring, visit } => self.on_wake(ctx, ring, visit),
            Message::Gather { ring } => self.on_gather(ctx, ring),
            Message::Join { ring, highest, received, stored, nothing } => {
                self.on_join(ctx, from, ring, Holding { highest, received, stored, nothing })
            }
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Resend => self.on_resend(ctx),
            Timer::TokenLoss => self.on_token_loss(ctx),
            Timer::Gather => self.on_gathered(ctx),
        }
    }
}

impl Token {
    /// A new ring's token: no number was given yet.
    fn new(ring: Ring) -> Self {
        let (missing, nothing, gone) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        Self { ring, visit: 0, highest: 0, received: 0, lowered_by: None, missing, nothing, gone, idle: 0 }
    }
}

impl TokenTotalOrder {
    /// Upon event ⟨broadcast⟩: the message waits for the token, which is woken if it rests.
    fn on_broadcast(&mut self, ctx: &mut Context<'_, Self>, body: String) {
        self.sent += 1;
        self.pending.push_back((self.sent, body));
        if let Some(token) = self.token.take() {
            self.hold(ctx, Token { idle: 0, ..token });
        } else if self.pending.len() == 1 {
            self.wake(ctx);
        }
    }

    /// Upon receipt of data: keep it, deliver what has its turn.
    fn on_data(&mut self, ctx: &mut Context<'_, Self>, ring: Ring, number: u64, said: Said) {
        if ring != self.ring {
            return;
        }
        if self.passed.as_ref().is_some_and(|(_, token)| number > token.highest) {
            self.passed = None;
            ctx.cancel_timer(Timer::Resend);
        }
        if number <= self.received || self.store.contains_key(&number) {
            return;
        }
        // The token is on its way again, wherever it rested.
        if self.token.is_none() && self.resting.take().is_some() {
            self.expect_token(ctx);
        }
        self.highest = self.highest.max(number);
        self.store.insert(number, Some(said));
        self.deliver_all(ctx, 0);
    }

    /// Agreed delivery: all that was received without a gap. Safe delivery: what all have received.
    fn deliver_all(&mut self, ctx: &mut Context<'_, Self>, received_by_all: u64) {
        while self.store.contains_key(&(self.received + 1)) {
            self.received += 1;
        }
        let limit = match self.config.delivery {
            When::Agreed => self.received,
            When::Safe => received_by_all.min(self.received),
        };
        while self.delivered < limit {
            self.delivered += 1;
            let number = Some(self.delivered);
            let Some(Some(Said { origin, id, body })) = self.store.get(&self.delivered) else { continue };
            let (from, id, body) = (*origin, *id, body.clone());
            ctx.produce(Output::Deliver(Delivery { number, from, id, body }));
        }
    }
}
