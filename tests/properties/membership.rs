//! The membership problem.

use crate::{
    holds,
    lines::{Line, crash, quiescent, says_nothing_of_nothing, verdict},
    undecided, vacuous, violated,
};
use synod::{
    problems::membership::{Membership, Mode, Output, Refusal, Request, View, Why},
    process::{End, ProcessId},
};

fn view_as(node: u32, epoch: u64, mode: Mode, members: &[u32]) -> Line<Membership> {
    let members = members.iter().copied().map(ProcessId).collect();
    Line::Told(node, Output::View(View { group: "g".into(), epoch, mode, members }))
}

/// A view of a closed group.
fn view(node: u32, epoch: u64, members: &[u32]) -> Line<Membership> {
    view_as(node, epoch, Mode::Closed, members)
}

fn left(node: u32, epoch: u64) -> Line<Membership> {
    Line::Told(node, Output::Left { group: "g".into(), epoch })
}

fn send(node: u32) -> Line<Membership> {
    Line::Asked(node, Request::Send { group: "g".into(), body: "m".into() })
}

fn deliver(node: u32, epoch: u64, from: u32, id: u64) -> Line<Membership> {
    let from = ProcessId(from);
    Line::Told(node, Output::Deliver { group: "g".into(), epoch, from, id, body: "m".into() })
}

fn rejected(node: u32, who: u32, request: u64) -> Line<Membership> {
    let refusal = Refusal { group: "g".into(), who: ProcessId(who), request, why: Why::NotMember };
    Line::Told(node, Output::Rejected(refusal))
}

fn join(node: u32) -> Line<Membership> {
    Line::Asked(node, Request::Join("g".into()))
}

fn leave(node: u32) -> Line<Membership> {
    Line::Asked(node, Request::Leave("g".into()))
}

#[test]
fn a_history_without_anything_says_nothing() {
    says_nothing_of_nothing::<Membership>();
}

#[test]
fn a_closed_group_takes_from_members_only() {
    let from = |sender| [view(1, 1, &[1, 2]), send(sender), deliver(1, 1, sender, 1)];
    holds(1, quiescent("closed-group", 4, &from(2)));
    violated(&[0, 2], quiescent("closed-group", 4, &from(3)));
    violated(&[1], quiescent("closed-group", 4, &[send(2), deliver(1, 1, 2, 1)]));
    let open = [view_as(1, 1, Mode::Open, &[1, 2]), send(3), deliver(1, 1, 3, 1)];
    vacuous(quiescent("closed-group", 4, &open));
    // Node 2 was out before it sent; what it sent before may still be judged by the old view.
    let late = [view(1, 1, &[1, 2]), view(0, 2, &[1]), send(2), deliver(1, 1, 2, 1)];
    violated(&[1, 2, 3], quiescent("closed-group", 4, &late));
    let in_time = [view(1, 1, &[1, 2]), send(2), view(0, 2, &[1]), deliver(1, 1, 2, 1)];
    holds(1, quiescent("closed-group", 4, &in_time));
}

#[test]
fn only_members_get_anything() {
    holds(1, quiescent("members-only", 3, &[view(1, 1, &[1]), deliver(1, 1, 1, 1)]));
    violated(&[0], quiescent("members-only", 3, &[deliver(1, 1, 1, 1)]));
    violated(&[1, 2], quiescent("members-only", 3, &[view(1, 1, &[1]), left(1, 2), deliver(1, 1, 1, 1)]));
    violated(&[0, 1], quiescent("members-only", 3, &[view(1, 1, &[2]), deliver(1, 1, 2, 1)]));
    // In by a view, but not by the one that the message was judged by.
    let old = [view(2, 1, &[2]), view(1, 2, &[1, 2]), deliver(1, 1, 2, 1)];
    violated(&[1, 2], quiescent("members-only", 3, &old));
}

#[test]
fn nothing_is_made_up_or_doubled() {
    holds(1, quiescent("integrity", 2, &[send(0), deliver(1, 1, 0, 1)]));
    violated(&[0], quiescent("integrity", 2, &[deliver(1, 1, 0, 1)]));
    violated(&[1], quiescent("integrity", 2, &[join(0), deliver(1, 1, 0, 1)]));
    violated(&[1, 2], quiescent("integrity", 2, &[send(0), deliver(1, 1, 0, 1), deliver(1, 1, 0, 1)]));
}

#[test]
fn the_numbers_of_views_rise_and_stand_for_one_list() {
    holds(1, quiescent("epochs-monotone", 2, &[view(1, 1, &[1]), view(1, 3, &[1])]));
    violated(&[0, 1], quiescent("epochs-monotone", 2, &[view(1, 2, &[1]), view(1, 1, &[1])]));
    violated(&[0, 1], quiescent("epochs-monotone", 2, &[view(1, 2, &[1]), view(1, 2, &[0, 1])]));
    vacuous(quiescent("epochs-monotone", 2, &[view(0, 2, &[1]), view(1, 1, &[1])]));
    holds(1, quiescent("one-view", 2, &[view(0, 1, &[1]), view(1, 1, &[1])]));
    violated(&[0, 1], quiescent("one-view", 2, &[view(0, 1, &[0, 1]), view(1, 1, &[1])]));
}

#[test]
fn everybody_who_asks_is_answered() {
    let refused = [send(1), rejected(0, 1, 1), rejected(1, 1, 1)];
    holds(1, quiescent("answered", 2, &refused));
    violated(&[1], quiescent("answered", 2, &refused[..2]));
    undecided(verdict("answered", 2, End::CutShort, &refused[..2]));
    vacuous(quiescent("answered", 2, &[send(1), rejected(0, 1, 1), crash(1)]));
    holds(1, quiescent("answered", 2, &[join(1), view(1, 1, &[1])]));
    violated(&[0], quiescent("answered", 2, &[join(1)]));
    violated(&[1], quiescent("answered", 2, &[view(1, 1, &[1]), leave(1)]));
    violated(&[0], quiescent("answered", 2, &[leave(1), view(1, 1, &[1])]));
    holds(1, quiescent("answered", 2, &[leave(1), left(1, 2)]));
    holds(2, quiescent("answered", 2, &[leave(1), join(1), view(1, 3, &[1])]));
}

#[test]
fn what_members_send_in_peace_reaches_all_members() {
    let both = || vec![view(1, 1, &[1, 2]), view(2, 1, &[1, 2])];
    let with = |more: Vec<Line<Membership>>| both().into_iter().chain(more).collect::<Vec<_>>();
    holds(2, quiescent("delivery", 3, &with(vec![send(1), deliver(1, 1, 1, 1), deliver(2, 1, 1, 1)])));
    violated(&[2], quiescent("delivery", 3, &with(vec![send(1), deliver(1, 1, 1, 1)])));
    undecided(verdict("delivery", 3, End::CutShort, &with(vec![send(1)])));
    // From outside, while the view changes, or to those who crash, nothing is owed.
    vacuous(quiescent("delivery", 3, &with(vec![send(0)])));
    vacuous(quiescent("delivery", 3, &with(vec![send(1), view(1, 2, &[1])])));
    holds(1, quiescent("delivery", 3, &with(vec![send(1), deliver(1, 1, 1, 1), crash(2)])));
}
