//! A group server with its mistakes one by one, and the gate that is everywhere.

use super::{create, expel, group, join, send};
use crate::trial::Trial;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::time::Duration;
use synod::{
    algorithms::membership::{self as real, Config, Gate},
    problems::membership::{Membership, Mode, Output, Refusal, Request, View, Why},
    process::{Context, Description, Never, Process, ProcessId},
    world::{Action, LinkPatch, LinkPattern},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum Bug {
    #[default]
    None,
    /// The sender is who the message says it is; and node 3 says it is node 1.
    IdentityFromPayload,
    /// Who was let in once may send for ever.
    CheckedAtJoinOnly,
    /// A deleted group goes on.
    DeleteKeepsTheList,
    /// What is refused is forgotten.
    RejectsInSilence,
    /// A change of the list gets no new number.
    NumberStands,
}

/// One group, one server: node 0.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Mutant {
    bug: Bug,
    asked: u64,
    view: View,
    ever: BTreeSet<ProcessId>,
    owner: Option<ProcessId>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
enum Message {
    Ask(u64, ProcessId, Request),
    View(View),
    Deliver(u64, ProcessId, u64, String),
    Reject(Refusal),
}

impl Process for Mutant {
    type Problem = Membership;
    type Config = Bug;
    type Message = Message;
    type Timer = Never;
    type Stable = ();
    const DESCRIPTION: Description = Description::named("membership-mutant");

    fn boot(_ctx: &mut Context<'_, Self>, bug: &Bug, (): ()) -> Self {
        let view = View { group: "g".into(), epoch: 0, mode: Mode::Closed, members: BTreeSet::new() };
        Self { bug: *bug, asked: 0, view, ever: BTreeSet::new(), owner: None }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        self.asked += 1;
        let lies = self.bug == Bug::IdentityFromPayload && ctx.me() == ProcessId(3);
        let claimed = if lies { ProcessId(1) } else { ctx.me() };
        ctx.send(ProcessId(0), Message::Ask(self.asked, claimed, request));
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Ask(id, claimed, request) => {
                let who = if self.bug == Bug::IdentityFromPayload { claimed } else { from };
                if let Err(why) = self.serve(ctx, who, id, request) {
                    let refusal = Refusal { group: "g".into(), who, request: id, why };
                    ctx.produce(Output::Rejected(refusal.clone()));
                    if self.bug != Bug::RejectsInSilence {
                        ctx.send(who, Message::Reject(refusal));
                    }
                }
            }
            Message::View(view) if view.members.contains(&ctx.me()) => ctx.produce(Output::View(view)),
            Message::View(view) => ctx.produce(Output::Left { group: view.group, epoch: view.epoch }),
            Message::Deliver(epoch, from, id, body) => {
                ctx.produce(Output::Deliver { group: "g".into(), epoch, from, id, body });
            }
            Message::Reject(refusal) => ctx.produce(Output::Rejected(refusal)),
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

impl Mutant {
    fn serve(
        &mut self,
        ctx: &mut Context<'_, Self>,
        who: ProcessId,
        id: u64,
        request: Request,
    ) -> Result<(), Why> {
        let before = self.view.members.clone();
        match request {
            Request::Create { .. } => {
                self.owner = Some(who);
                self.view.members.insert(who);
            }
            _ if self.owner.is_none() => return Err(Why::Unknown),
            Request::Join(_) => drop(self.view.members.insert(who).then_some(()).ok_or(Why::Member)?),
            Request::Leave(_) => drop(self.view.members.remove(&who).then_some(()).ok_or(Why::NotMember)?),
            Request::Expel { member, .. } => drop(self.view.members.remove(&member)),
            Request::Delete(_) if self.bug == Bug::DeleteKeepsTheList => {
                let nobody =
                    View { epoch: self.view.epoch + 1, members: BTreeSet::new(), ..self.view.clone() };
                ctx.multicast(before, Message::View(nobody));
                return Ok(());
            }
            Request::Delete(_) => {
                self.owner = None;
                self.view.members.clear();
            }
            Request::Send { body, .. } => {
                let known = if self.bug == Bug::CheckedAtJoinOnly { &self.ever } else { &self.view.members };
                if !known.contains(&who) {
                    return Err(Why::NotMember);
                }
                let members = self.view.members.iter().copied();
                ctx.multicast(members, Message::Deliver(self.view.epoch, who, id, body));
                return Ok(());
            }
        }
        self.view.epoch += u64::from(self.bug != Bug::NumberStands || self.view.epoch == 0);
        self.ever.extend(&self.view.members);
        ctx.multicast(before.union(&self.view.members).copied(), Message::View(self.view.clone()));
        ctx.produce(Output::View(self.view.clone()));
        Ok(())
    }
}

const PROMISES: &[&str] =
    &["closed-group", "members-only", "integrity", "epochs-monotone", "one-view", "answered", "delivery"];

#[test]
fn without_a_bug_it_keeps_its_promises() {
    let then = [
        (300, 2, send("a")),
        (400, 3, send("b")),
        (500, 1, expel(2)),
        (600, 2, send("c")),
        (700, 1, send("d")),
    ];
    group(2, Mode::Closed, &then).fifo().survives::<Mutant>(&Bug::None, PROMISES);
}

#[test]
fn every_bug_breaks_its_promise() {
    let outsider = group(2, Mode::Closed, &[(300, 3, send("let me in"))]);
    outsider.kills::<Mutant>(&Bug::IdentityFromPayload, "integrity", (8, 7));
    assert_eq!(outsider.search::<Mutant>(&Bug::None, "integrity"), None);
    outsider.kills::<Mutant>(&Bug::RejectsInSilence, "answered", (6, 6));
    assert_eq!(outsider.search::<Mutant>(&Bug::None, "answered"), None);
    let expelled = group(2, Mode::Closed, &[(300, 1, expel(2)), (400, 2, send("still here"))]);
    expelled.kills::<Mutant>(&Bug::CheckedAtJoinOnly, "closed-group", (10, 10));
    assert_eq!(expelled.search::<Mutant>(&Bug::None, "closed-group"), None);
    expelled.kills::<Mutant>(&Bug::NumberStands, "epochs-monotone", (9, 9));
    let deleted =
        group(2, Mode::Closed, &[(300, 1, Request::Delete("g".into())), (400, 2, send("anybody?"))]);
    deleted.kills::<Mutant>(&Bug::DeleteKeepsTheList, "members-only", (11, 10));
    assert_eq!(deleted.search::<Mutant>(&Bug::None, "members-only"), None);
}

/// Node 2 is put out, and sends before it knows; what it sends overtakes the view on another link. With three nodes: the
/// server is the owner, and node 1 the receiver.
#[test]
fn a_receiver_with_an_old_view_lets_in_who_was_put_out() {
    let slow = |mut trial: Trial<Membership>| {
        let links = LinkPattern::Directed { from: Some(ProcessId(0)), to: None };
        let delay = Some(Duration::from_millis(90));
        trial = trial.with(300, Action::Link(links, LinkPatch { delay, ..LinkPatch::default() }));
        trial
    };
    let asked = [
        (0, 0, create(Mode::Closed)),
        (50, 1, join()),
        (100, 2, join()),
        (320, 0, expel(2)),
        (330, 2, send("x")),
    ];
    let trial = slow(Trial::of(3, asked));
    let config = |gate| Config { server: None, gate };
    trial.kills::<real::Membership>(&config(Gate::Direct), "closed-group", (u64::MAX, u64::MAX));
    trial.survives::<real::Membership>(&config(Gate::Server), &["one-view", "answered"]);
    assert_eq!(trial.search::<real::Membership>(&config(Gate::Server), "closed-group"), None);
    // Between the request and the violation there are four messages: two views on their way, two of what was said.
    let found =
        trial.search::<real::Membership>(&config(Gate::Direct), "closed-group").expect("it is violated");
    let before = trial.requests.len() as u64;
    assert!(found.sent <= 15, "{found:?} after {before} requests");
}
