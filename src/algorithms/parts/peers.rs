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
