//! The view synchrony problem.

use crate::{
    holds,
    lines::{Line, crash, quiescent, says_nothing_of_nothing, verdict},
    undecided, vacuous, violated,
};
use synod::{
    problems::view_synchrony::{Output, Request, ViewSynchrony},
    process::{End, ProcessId},
};

fn view(node: u32, id: u64, members: &[u32]) -> Line<ViewSynchrony> {
    let members = members.iter().copied().map(ProcessId).collect();
    Line::Told(node, Output::View { id, members })
}

fn say(node: u32) -> Line<ViewSynchrony> {
    Line::Asked(node, Request::Broadcast("m".into()))
}

fn deliver(node: u32, view: u64, from: u32, id: u64) -> Line<ViewSynchrony> {
    Line::Told(node, Output::Deliver { view, from: ProcessId(from), id, body: "m".into() })
}

fn leave(node: u32) -> Line<ViewSynchrony> {
    Line::Asked(node, Request::Leave)
}

fn left(node: u32, view: u64) -> Line<ViewSynchrony> {
    Line::Told(node, Output::Left { view })
}

/// Nodes 0 and 1 are in view 1.
fn pair(more: Vec<Line<ViewSynchrony>>) -> Vec<Line<ViewSynchrony>> {
    [view(0, 1, &[0, 1]), view(1, 1, &[0, 1])].into_iter().chain(more).collect()
}

#[test]
fn a_history_without_anything_says_nothing() {
    says_nothing_of_nothing::<ViewSynchrony>();
}

#[test]
fn a_number_stands_for_one_list_of_which_one_is_a_member() {
    holds(1, quiescent("same-view-same-members", 2, &pair(vec![])));
    violated(&[0, 1], quiescent("same-view-same-members", 2, &[view(0, 1, &[0, 1]), view(1, 1, &[1])]));
    vacuous(quiescent("same-view-same-members", 2, &[view(0, 1, &[0]), view(1, 2, &[1])]));
    holds(2, quiescent("self-inclusion", 2, &pair(vec![])));
    violated(&[0], quiescent("self-inclusion", 2, &[view(0, 1, &[1])]));
}

#[test]
fn who_goes_on_together_has_delivered_the_same() {
    let on = |delivered: Vec<Line<ViewSynchrony>>| {
        let mut lines = vec![view(0, 1, &[0, 1, 2]), view(1, 1, &[0, 1, 2])];
        lines.extend(delivered);
        lines.extend([view(0, 2, &[0, 1]), view(1, 2, &[0, 1])]);
        lines
    };
    holds(1, quiescent("virtual-synchrony", 3, &on(vec![deliver(0, 1, 2, 1), deliver(1, 1, 2, 1)])));
    violated(&[2, 3, 4], quiescent("virtual-synchrony", 3, &on(vec![deliver(0, 1, 2, 1)])));
    violated(&[2, 3, 4], quiescent("virtual-synchrony", 3, &on(vec![deliver(1, 1, 2, 1)])));
    // Who goes elsewhere, or crashes, may have delivered anything.
    let apart = pair(vec![deliver(0, 1, 1, 1), view(0, 2, &[0]), view(1, 3, &[1])]);
    vacuous(quiescent("virtual-synchrony", 2, &apart));
    let crashed = pair(vec![deliver(0, 1, 1, 1), crash(0), view(0, 2, &[0, 1]), view(1, 2, &[0, 1])]);
    vacuous(quiescent("virtual-synchrony", 2, &crashed));
}

#[test]
fn a_message_belongs_to_the_view_in_which_it_was_sent() {
    holds(2, quiescent("sending-view-delivery", 2, &pair(vec![deliver(0, 1, 0, 1), deliver(1, 1, 0, 1)])));
    let later = pair(vec![deliver(0, 1, 0, 1), view(1, 2, &[0, 1]), deliver(1, 1, 0, 1)]);
    violated(&[3, 4], quiescent("sending-view-delivery", 2, &later));
    let renamed = pair(vec![deliver(0, 1, 0, 1), view(1, 2, &[0, 1]), deliver(1, 2, 0, 1)]);
    violated(&[2, 4], quiescent("sending-view-delivery", 2, &renamed));
    violated(&[0], quiescent("sending-view-delivery", 2, &[deliver(0, 1, 0, 1)]));
}

#[test]
fn numbers_of_views_rise() {
    holds(1, quiescent("view-order", 2, &pair(vec![view(0, 3, &[0])])));
    violated(&[0, 2], quiescent("view-order", 2, &pair(vec![view(0, 1, &[0, 1])])));
    holds(1, quiescent("view-order", 2, &pair(vec![crash(0), view(0, 1, &[0, 1])])));
}

#[test]
fn more_than_half_go_on() {
    let after = |members: &[u32]| vec![view(0, 1, &[0, 1, 2, 3]), view(0, 2, members)];
    holds(1, quiescent("primary", 4, &after(&[0, 1, 2])));
    violated(&[0, 1], quiescent("primary", 4, &after(&[0, 1])));
    let with_leaver = [view(0, 1, &[0, 1, 2, 3]), leave(3), view(0, 2, &[0, 1])];
    holds(1, quiescent("primary", 4, &with_leaver));
    // Who left long ago and came back counts again.
    let back = [view(3, 1, &[0, 1, 3]), leave(3), left(3, 2), view(0, 3, &[0, 1, 2, 3]), view(0, 4, &[0, 1])];
    violated(&[3, 4], quiescent("primary", 4, &back));
    violated(&[0, 1], quiescent("primary", 4, &[view(0, 1, &[0, 1]), view(2, 1, &[2, 3])]));
}

#[test]
fn nothing_is_made_up_or_doubled() {
    holds(1, quiescent("integrity", 2, &pair(vec![say(0), deliver(1, 1, 0, 1)])));
    violated(&[2], quiescent("integrity", 2, &pair(vec![deliver(1, 1, 0, 1)])));
    violated(
        &[3, 4],
        quiescent("integrity", 2, &pair(vec![say(0), deliver(1, 1, 0, 1), deliver(1, 1, 0, 1)])),
    );
}

#[test]
fn those_who_stay_in_a_view_share_what_is_said_there() {
    holds(3, quiescent("delivery", 2, &pair(vec![say(0), deliver(0, 1, 0, 1), deliver(1, 1, 0, 1)])));
    violated(&[2], quiescent("delivery", 2, &pair(vec![say(0), deliver(0, 1, 0, 1)])));
    violated(&[2], quiescent("delivery", 2, &pair(vec![say(0)])));
    undecided(verdict("delivery", 2, End::CutShort, &pair(vec![say(0)])));
    vacuous(quiescent("delivery", 2, &pair(vec![say(0), crash(0)])));
    vacuous(quiescent("delivery", 2, &pair(vec![say(0), leave(0)])));
    vacuous(quiescent("delivery", 2, &[say(0)]));
}

#[test]
fn in_the_end_all_who_want_have_one_view_of_each_other() {
    holds(2, quiescent("progress", 2, &pair(vec![])));
    violated(&[0], quiescent("progress", 2, &pair(vec![crash(1)])));
    undecided(verdict("progress", 2, End::CutShort, &pair(vec![crash(1)])));
    holds(1, quiescent("progress", 2, &pair(vec![crash(1), view(0, 2, &[0])])));
    violated(&[0], quiescent("progress", 2, &pair(vec![leave(1), left(1, 2)])));
    violated(&[0], quiescent("progress", 3, &pair(vec![Line::Asked(2, Request::Join)])));
    violated(&[], quiescent::<ViewSynchrony>("progress", 1, &[Line::Asked(0, Request::Join)]));
}
