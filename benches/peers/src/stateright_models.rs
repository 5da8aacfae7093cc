//! The models for Stateright, with the least state that gives the right counts, and its search over them.

use super::{
    Counted,
    models::{Kind, Model},
};
use stateright::{
    Checker, Expectation, Model as _,
    actor::{Actor, ActorModel, Id, Network, Out},
};
use std::{borrow::Cow, time::Instant};

/// In which order states are visited.
#[derive(Clone, Copy)]
pub(crate) enum Order {
    DepthFirst,
    BreadthFirst,
}

/// Visits every state.
pub(crate) fn explore(model: &Model, order: Order, threads: usize) -> Counted {
    let size = model.size as usize;
    match model.kind {
        Kind::PingPong => search([PingPong::Client { pings: model.size }, PingPong::Server], order, threads),
        Kind::Flood => search((0..size).map(|_| Flood { nodes: size }), order, threads),
    }
}

fn search<A>(actors: impl IntoIterator<Item = A>, order: Order, threads: usize) -> Counted
where
    A: Actor<Timer = (), Random = (), Storage = ()> + Send + Sync + 'static,
    A::Msg: Ord + Send + Sync + 'static,
    A::State: Send + Sync + 'static,
{
    let model = ActorModel::<A>::new((), ())
        .actors(actors)
        .init_network(Network::new_unordered_nonduplicating([]))
        // It stops as soon as every property is decided, so one must stay open to the end.
        .property(Expectation::Always, "true", |_, _| true);
    let start = Instant::now();
    match order {
        Order::DepthFirst => finish(start, model.checker().threads(threads).spawn_dfs()),
        Order::BreadthFirst => finish(start, model.checker().threads(threads).spawn_bfs()),
    }
}

fn finish<M: stateright::Model>(start: Instant, checker: impl Checker<M>) -> Counted {
    let checker = checker.join();
    let seconds = start.elapsed().as_secs_f64();
    let (states, transitions) = (checker.unique_state_count() as u64, checker.state_count() as u64);
    Counted { states, transitions, seconds }
}

/// Node 0 sends all pings at once, node 1 answers each.
enum PingPong {
    Client { pings: u32 },
    Server,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
enum Ball {
    Ping(u32),
    Pong(u32),
}

impl Actor for PingPong {
    type Msg = Ball;
    type Timer = ();
    /// The client's: which of its pings have been answered, one bit each.
    type State = u32;
    type Storage = ();
    type Random = ();

    fn on_start(&self, _id: Id, _storage: &Option<()>, out: &mut Out<Self>) -> u32 {
        if let Self::Client { pings } = *self {
            for number in 0..pings {
                out.send(Id::from(1), Ball::Ping(number));
            }
        }
        0
    }

    fn on_msg(&self, _id: Id, state: &mut Cow<'_, u32>, src: Id, msg: Ball, out: &mut Out<Self>) {
        match msg {
            Ball::Ping(number) => out.send(src, Ball::Pong(number)),
            Ball::Pong(number) => *state.to_mut() |= 1 << number,
        }
    }
}

/// Who hears the news for the first time tells all others; node 0 begins.
struct Flood {
    nodes: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
struct News;

impl Flood {
    fn tell(&self, me: Id, out: &mut Out<Self>) {
        for other in (0..self.nodes).map(Id::from).filter(|other| *other != me) {
            out.send(other, News);
        }
    }
}

impl Actor for Flood {
    type Msg = News;
    type Timer = ();
    /// How often it has been told.
    type State = u32;
    type Storage = ();
    type Random = ();

    fn on_start(&self, id: Id, _storage: &Option<()>, out: &mut Out<Self>) -> u32 {
        if id == Id::from(0) {
            self.tell(id, out);
        }
        0
    }

    fn on_msg(&self, id: Id, state: &mut Cow<'_, u32>, _src: Id, News: News, out: &mut Out<Self>) {
        *state.to_mut() += 1;
        if **state == 1 && id != Id::from(0) {
            self.tell(id, out);
        }
    }
}
