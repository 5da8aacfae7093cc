//! Members and those who would like to be: they keep to the views they are told of, whatever order these come in.

use super::{Data, Gate, Membership, Message, may_send};
use crate::{
    problems::membership::{Output, Refusal, View, Why},
    process::{Context, ProcessId},
};

impl Membership {
    /// VIEW: the newest counts. Who is out is told so; what waited for this view is judged by it.
    pub(super) fn on_view(&mut self, ctx: &mut Context<'_, Self>, view: View) {
        let known = self.known.entry(view.group.clone()).or_default();
        if known.view.as_ref().is_some_and(|newest| newest.epoch >= view.epoch) {
            return;
        }
        let epoch = view.epoch;
        if view.members.contains(&ctx.me()) {
            known.since.get_or_insert(epoch);
            ctx.produce(Output::View(view.clone()));
        } else {
            known.since = None;
            ctx.produce(Output::Left { group: view.group.clone(), epoch });
        }
        known.view = Some(view);
        for (from, data) in std::mem::take(&mut known.early) {
            self.on_data(ctx, from, data);
        }
    }

    /// A message: it waits for the view its sender knew. Members deliver it; in a closed group only from members. Through
    /// the server its sender was judged by the view it names, else it is judged here, by the view this process has.
    pub(super) fn on_data(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, data: Data) {
        let known = self.known.entry(data.group.clone()).or_default();
        let Some(view) = known.view.as_ref().filter(|view| view.epoch >= data.epoch) else {
            return known.early.push((from, data));
        };
        let Some(since) = known.since else { return };
        let Data { group, epoch, id, body } = data;
        match self.gate {
            Gate::Server if epoch < since => {}
            Gate::Server => ctx.produce(Output::Deliver { group, epoch, from, id, body }),
            Gate::Direct if may_send(view, from) => {
                ctx.produce(Output::Deliver { group, epoch: view.epoch, from, id, body });
            }
            Gate::Direct => {
                let refusal = Refusal { group, who: from, request: id, why: Why::NotMember };
                self.reject(ctx, refusal);
            }
        }
    }

    /// SEND without the server: a member knows to whom, everybody else asks.
    pub(super) fn send_direct(&mut self, ctx: &mut Context<'_, Self>, id: u64, group: String, body: String) {
        let known = self.known.get(&group).filter(|known| known.since.is_some());
        match known.and_then(|known| known.view.clone()) {
            Some(view) => self.send_to(ctx, view, id, body),
            None => {
                self.waiting.insert(id, body);
                ctx.send(self.server, Message::Lookup { request: id, group });
            }
        }
    }

    /// The server says to whom.
    pub(super) fn on_found(&mut self, ctx: &mut Context<'_, Self>, id: u64, view: View) {
        let Some(body) = self.waiting.remove(&id) else { return };
        self.send_to(ctx, view, id, body);
    }

    /// To all members of a view; a member's own copy takes no link, but waits for the view like any other.
    fn send_to(&mut self, ctx: &mut Context<'_, Self>, view: View, id: u64, body: String) {
        let (me, View { group, epoch, members, .. }) = (ctx.me(), view);
        let data = Data { group, epoch, id, body };
        ctx.multicast(members.iter().copied().filter(|member| *member != me), Message::Data(data.clone()));
        if members.contains(&me) {
            self.on_data(ctx, me, data);
        }
    }

    /// REJECT: the application is told, and nothing waits for an answer any more.
    pub(super) fn on_reject(&mut self, ctx: &mut Context<'_, Self>, refusal: Refusal) {
        if refusal.who == ctx.me() {
            self.waiting.remove(&refusal.request);
            ctx.produce(Output::Rejected(refusal));
        }
    }
}
