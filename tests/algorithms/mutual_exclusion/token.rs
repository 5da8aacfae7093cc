//! A token that is asked for by broadcast (Suzuki, Kasami 1985) and its mutants.

use super::{
    least, needs,
    sketch::{Ctx, PROMISES, Sketch, Sketched},
    wants,
};
use crate::trial::{Trial, planned};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use synod::{
    algorithms::{parts::section::Section, suzuki_kasami::SuzukiKasami},
    problems::mutual_exclusion::MutualExclusion,
    process::ProcessId,
    world::{Action, LinkPatch, LinkPattern},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// Nobody notes which requests were served.
    ServesUnnoted,
    /// The lab's listing: everybody has its own list of what was served, the token carries none.
    ListAtEachSite,
    /// An idle holder gives the token to whoever asks, also for what was served already.
    NoCheck,
    /// The number that came last counts, not the highest.
    Assigns,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
enum Message {
    Request(u64),
    Token(Vec<u64>, Vec<ProcessId>),
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Rules {
    bug: Bug,
    requested: Vec<u64>,
    /// LN: of the token where it is here, else what this site remembers.
    served: Vec<u64>,
    queue: Option<Vec<ProcessId>>,
}

impl Sketch for Rules {
    type Bug = Bug;
    type Message = Message;

    fn begin(ctx: &mut Ctx<'_, Self>, bug: Bug) -> Self {
        let none = vec![0; ctx.group_size()];
        Self { bug, requested: none.clone(), served: none, queue: (ctx.me().0 == 0).then(Vec::new) }
    }

    fn ask(&mut self, ctx: &mut Ctx<'_, Self>, section: &mut Section) {
        if self.queue.is_some() {
            return section.enter(ctx);
        }
        self.requested[ctx.me().index()] += 1;
        ctx.broadcast(Message::Request(self.requested[ctx.me().index()]));
    }

    fn hear(&mut self, ctx: &mut Ctx<'_, Self>, section: &mut Section, from: ProcessId, message: Message) {
        match message {
            Message::Request(number) => {
                let known = &mut self.requested[from.index()];
                *known = if self.bug == Bug::Assigns { number } else { number.max(*known) };
                let due = *known == self.served[from.index()] + 1 || self.bug == Bug::NoCheck;
                if !section.is_inside() && due {
                    self.pass(ctx, from);
                }
            }
            Message::Token(served, queue) => {
                if self.bug != Bug::ListAtEachSite {
                    self.served = served;
                }
                self.queue = Some(queue);
                if section.is_waiting() {
                    section.enter(ctx);
                }
            }
        }
    }

    fn leave(&mut self, ctx: &mut Ctx<'_, Self>) {
        let me = ctx.me().index();
        if self.bug != Bug::ServesUnnoted {
            self.served[me] = self.requested[me];
        }
        let nodes = self.served.len();
        let Some(queue) = &mut self.queue else { return };
        for place in (me + 1..nodes).chain(0..me) {
            let process = ProcessId(place as u32);
            if self.requested[place] == self.served[place] + 1 && !queue.contains(&process) {
                queue.push(process);
            }
        }
        if !queue.is_empty() {
            let next = queue.remove(0);
            self.pass(ctx, next);
        }
    }
}

impl Rules {
    fn pass(&mut self, ctx: &mut Ctx<'_, Self>, to: ProcessId) {
        if let Some(queue) = self.queue.take() {
            ctx.send(to, Message::Token(self.served.clone(), queue));
        }
    }
}

type Mutant = Sketched<Rules>;

fn busy() -> Trial<MutualExclusion> {
    wants(4, 6, &[(0, 3), (1, 2), (2, 1), (3, 0), (20, 3), (21, 1), (50, 2), (51, 0), (52, 3)])
}

/// Two or three processes that take turns in many ways.
fn many(nodes: u32, each: &[u32]) -> Vec<Trial<MutualExclusion>> {
    let mut trials = Vec::new();
    for gap in [3, 11, 25, 45] {
        for stay in [2, 30] {
            for turn in 0..nodes {
                let order = each.iter().map(|node| (node + turn) % nodes);
                let wishes: Vec<(u64, u32)> = (0..).step_by(gap).zip(order).collect();
                trials.push(wants(nodes, stay, &wishes));
            }
        }
    }
    trials
}

#[test]
fn without_a_bug_it_keeps_its_promises() {
    for trial in [busy(), busy().fifo()] {
        trial.survives::<Mutant>(&Bug::None, PROMISES);
        trial.survives::<SuzukiKasami>(&Default::default(), PROMISES);
    }
    for trial in many(3, &[1, 2, 1, 0]) {
        assert_eq!(trial.search::<Mutant>(&Bug::None, "deadlock-freedom"), None);
    }
}

/// Museum 21: the list of what was served is of use only where the token is. The catalogue needs six messages; when the
/// second request comes while the other is inside, five are enough.
#[test]
fn a_token_without_its_list_stops() {
    let trials = many(2, &[1, 0, 1, 0]);
    needs::<Mutant>(&trials, &Bug::ServesUnnoted, "deadlock-freedom", (5, 5));
    needs::<Mutant>(&trials, &Bug::ListAtEachSite, "deadlock-freedom", (5, 5));
}

/// Museum 23: n2's first request comes to n3 after its second.
#[test]
fn a_number_that_goes_back_stops_the_token() {
    let slow = LinkPatch { delay: Some(Duration::from_millis(150)), ..LinkPatch::default() };
    let link = LinkPattern::Directed { from: Some(ProcessId(1)), to: Some(ProcessId(2)) };
    let mut slowed = planned(0, Action::Link(link, slow));
    slowed.lasts = Some(Duration::from_millis(5));
    let mut trial = wants(3, 60, &[(1, 1), (60, 2), (110, 1)]);
    trial.setup.agenda.insert(0, slowed);
    needs::<Mutant>(&[trial.clone()], &Bug::Assigns, "deadlock-freedom", (8, 8));
    assert_eq!(least::<Mutant>(&[trial.clone().fifo()], &Bug::Assigns, "deadlock-freedom"), None);
    assert_eq!(least::<Mutant>(&[trial], &Bug::None, "deadlock-freedom"), None);
}

/// A request that was served long ago, and comes late, takes the token away from whoever waits for it.
#[test]
fn a_stale_request_steals_the_token() {
    let trials = [many(3, &[1, 2, 0]), many(3, &[1, 2, 1]), many(3, &[2, 1, 0])].concat();
    let found = least::<Mutant>(&trials, &Bug::NoCheck, "deadlock-freedom").expect("it is stolen");
    assert!(found.sent <= 9 && found.received <= 9, "{found:?}");
}
