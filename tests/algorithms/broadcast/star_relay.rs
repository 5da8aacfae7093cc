//! The lab sheet's servers (catalogue O12): clients say something to a server in the middle of a star, which shows it to
//! all of them; and what they show when two of its threads do so at once.
//!
//! Links keep the order of messages, as TCP does. A thread is a step of the server: with one step for each message all
//! is well; with one for each copy two threads come between each other.

use super::{deliver, forks, never_forks, said};
use crate::trial::{SIZES, Trial};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use synod::{
    algorithms::sequencer::{self, Sequencer},
    problems::broadcast::{Broadcast, Request},
    process::{Context, Description, Process, ProcessId},
    world::Shape,
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Server {
    /// Whatever is said goes to all clients in one step.
    #[default]
    OneStep,
    /// Each copy leaves in a step of its own: threads without a lock.
    OneStepForEachCopy,
    /// It goes to all clients but its sender, which has shown it by then (the sheet's causal server).
    NotToTheSender,
}

/// Sender, number among the sender's messages, what was said.
type Said = (ProcessId, u64, String);

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
enum Message {
    Say(u64, String),
    Out(Said),
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Relay {
    server: Server,
    said: u64,
}

/// The server's place; it writes down what it hears, which counts as its delivery.
const SERVER: ProcessId = ProcessId(0);

impl Process for Relay {
    type Problem = Broadcast;
    type Config = Server;
    type Message = Message;
    type Timer = (ProcessId, Said);
    type Stable = ();
    const DESCRIPTION: Description = Description::named("star-relay");

    fn boot(_ctx: &mut Context<'_, Self>, server: &Server, (): ()) -> Self {
        Self { server: *server, said: 0 }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, Request::Broadcast(body): Request) {
        self.said += 1;
        if self.server == Server::NotToTheSender {
            deliver(ctx, ctx.me(), self.said, body.clone());
        }
        ctx.send(SERVER, Message::Say(self.said, body));
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Say(id, body) => self.on_say(ctx, (from, id, body)),
            Message::Out((from, id, body)) => deliver(ctx, from, id, body),
        }
    }

    /// A thread's next step: the copy for one client leaves.
    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, (client, said): (ProcessId, Said)) {
        ctx.send(client, Message::Out(said));
    }
}

impl Relay {
    fn on_say(&mut self, ctx: &mut Context<'_, Self>, said: Said) {
        deliver(ctx, said.0, said.1, &*said.2);
        let clients = ctx.group().filter(|client| *client != SERVER);
        match self.server {
            Server::OneStep => ctx.multicast(clients, Message::Out(said)),
            Server::NotToTheSender => {
                let sender = said.0;
                ctx.multicast(clients.filter(|client| *client != sender), Message::Out(said));
            }
            Server::OneStepForEachCopy => {
                for client in clients {
                    // Which thread is next, and when, is the scheduler's business.
                    ctx.set_timer((client, said.clone()), Duration::ZERO..=Duration::from_millis(5));
                }
            }
        }
    }
}

/// A server and so many clients.
fn star(clients: u32, said_by: &[(u64, u32)]) -> Trial<Broadcast> {
    let mut trial = said(clients + 1, said_by).fifo();
    trial.setup.topology = Shape::Star;
    trial
}

fn busy() -> Trial<Broadcast> {
    star(3, &[(0, 1), (1, 2), (5, 3), (6, 1), (20, 2), (21, 3)])
}

#[test]
fn with_one_step_for_each_message_all_clients_show_one_order() {
    let promises =
        ["validity", "self-delivery", "agreement", "integrity", "fifo-order", "causal-order", "total-order"];
    busy().survives::<Relay>(&Server::OneStep, &promises);
    never_forks::<Relay>(&busy(), &Server::OneStep);
}

/// Museum 70: two messages, two threads, and each client is shown another one first.
#[test]
fn with_one_step_for_each_copy_the_orders_part() {
    let both = star(2, &[(0, 1), (0, 2)]);
    forks::<Relay>(&both, &Server::OneStepForEachCopy, (4, 4));
    both.kills::<Relay>(&Server::OneStepForEachCopy, "total-order", (6, 6));
    busy().kills::<Relay>(&Server::OneStepForEachCopy, "fifo-order", (18, 18));
}

/// What a client says itself has its place where it says it, which is not where the others see it.
#[test]
fn without_the_senders_own_copy_the_order_is_causal_and_not_total() {
    busy()
        .survives::<Relay>(&Server::NotToTheSender, &["validity", "agreement", "integrity", "causal-order"]);
    let both = star(2, &[(0, 1), (0, 2)]);
    both.kills::<Relay>(&Server::NotToTheSender, "total-order", (4, 4));
}

/// One message to the server and one to each of n clients; n in all when the sender is left out.
#[test]
fn a_star_relay_costs_1_plus_n_and_n_without_the_senders_copy() {
    for clients in SIZES {
        let (trial, n) = (star(clients, &[(0, 1), (1, clients)]), u64::from(clients));
        assert_eq!(trial.run::<Relay>(Server::OneStep, 1).0.total(), 2 * (1 + n));
        assert_eq!(trial.run::<Relay>(Server::NotToTheSender, 1).0.total(), 2 * n);
        let config = sequencer::Config { sequencer: Some(SERVER), ..Default::default() };
        assert_eq!(trial.run::<Sequencer>(config, 1).0.total(), 2 * (1 + n));
    }
}
