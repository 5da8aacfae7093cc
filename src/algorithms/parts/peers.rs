//! Whom to call: somebody else, all alike.

use crate::process::{Context, Process, ProcessId};

/// Any member of the group but this process, each as likely as the others; nobody when it is alone.
pub fn any_other<P: Process>(ctx: &mut Context<'_, P>) -> Option<ProcessId> {
    let (me, others) = (ctx.me().0, ctx.group_size() as u32 - 1);
    if others == 0 {
        return None;
    }
    let chosen = ctx.choose(others);
    Some(ProcessId(if chosen < me { chosen } else { chosen + 1 }))
}

/// A place among so many, each as likely as the others; nothing is drawn when there is one at most.
pub fn any_place<P: Process>(ctx: &mut Context<'_, P>, places: usize) -> Option<usize> {
    match places {
        0 => None,
        1 => Some(0),
        _ => Some(ctx.choose(places as u32) as usize),
    }
}

/// Brings a list into any order, each as likely as the others (Fisher and Yates 1938).
pub fn shuffle<P: Process>(ctx: &mut Context<'_, P>, list: &mut [ProcessId]) {
    for place in (1..list.len()).rev() {
        let other = any_place(ctx, place + 1).unwrap_or(place);
        list.swap(place, other);
    }
}

/// So many of a list, whichever; all when there are no more.
pub fn some_of<P: Process>(ctx: &mut Context<'_, P>, mut list: Vec<ProcessId>, count: u32) -> Vec<ProcessId> {
    if list.len() > count as usize {
        shuffle(ctx, &mut list);
        list.truncate(count as usize);
    }
    list
}
