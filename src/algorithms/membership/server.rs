//! The group server: it keeps the lists, and tells everybody whom a change concerns.

use super::{Data, Group, Membership, Message, may_send};
use crate::{
    problems::membership::{Mode, Output, Refusal, View, Why},
    process::{Context, ProcessId},
};
use std::collections::BTreeSet;

impl Membership {
    /// What somebody asks the server for: done, or refused.
    pub(super) fn on_asked(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        let (request, group, done) = match message {
            Message::Create { request, group, mode, allowed } => {
                let done = self.create(ctx, from, &group, mode, allowed);
                (request, group, done)
            }
            Message::Join { request, group } => (request, group.clone(), self.join(ctx, from, &group)),
            Message::Leave { request, group } => {
                (request, group.clone(), self.remove(ctx, from, &group, from))
            }
            Message::Expel { request, group, member } => {
                (request, group.clone(), self.remove(ctx, from, &group, member))
            }
            Message::Delete { request, group } => (request, group.clone(), self.delete(ctx, from, &group)),
            Message::Send { request, group, body } => {
                (request, group.clone(), self.gate(ctx, from, request, group, body))
            }
            Message::Lookup { request, group } => {
                (request, group.clone(), self.look_up(ctx, from, request, &group))
            }
            Message::View(_) | Message::Deliver { .. } | Message::Found { .. } => return,
            Message::Data(_) | Message::Reject(_) => return,
        };
        if let Err(why) = done {
            self.reject(ctx, Refusal { group, who: from, request, why });
        }
    }

    /// CREATE: who asks is the first member.
    fn create(
        &mut self,
        ctx: &mut Context<'_, Self>,
        from: ProcessId,
        name: &str,
        mode: Mode,
        allowed: Option<BTreeSet<ProcessId>>,
    ) -> Result<(), Why> {
        let nobody = View { group: name.into(), epoch: 0, mode, members: BTreeSet::new() };
        let fresh = Group { owner: None, allowed: None, view: nobody };
        let group = self.groups.entry(name.into()).or_insert(fresh);
        if group.owner.is_some() {
            return Err(Why::Exists);
        }
        (group.owner, group.allowed, group.view.mode) = (Some(from), allowed, mode);
        self.change(ctx, name, |members| {
            members.insert(from);
        });
        Ok(())
    }

    /// JOIN: whom the group allows, its owner always.
    fn join(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, name: &str) -> Result<(), Why> {
        let group = self.group(name)?;
        if group.view.members.contains(&from) {
            return Err(Why::Member);
        }
        let allowed = group.allowed.as_ref().is_none_or(|allowed| allowed.contains(&from));
        if !allowed && group.owner != Some(from) {
            return Err(Why::NotAllowed);
        }
        self.change(ctx, name, |members| {
            members.insert(from);
        });
        Ok(())
    }

    /// LEAVE and EXPEL: oneself, or by the owner.
    fn remove(
        &mut self,
        ctx: &mut Context<'_, Self>,
        from: ProcessId,
        name: &str,
        member: ProcessId,
    ) -> Result<(), Why> {
        let group = self.group(name)?;
        if from != member && group.owner != Some(from) {
            return Err(Why::NotOwner);
        }
        if !group.view.members.contains(&member) {
            return Err(Why::NotMember);
        }
        self.change(ctx, name, |members| {
            members.remove(&member);
        });
        Ok(())
    }

    /// DELETE: its members are told that there are none.
    fn delete(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, name: &str) -> Result<(), Why> {
        if self.group(name)?.owner != Some(from) {
            return Err(Why::NotOwner);
        }
        self.change(ctx, name, BTreeSet::clear);
        if let Some(group) = self.groups.get_mut(name) {
            group.owner = None;
        }
        Ok(())
    }

    /// SEND at the gate: in a closed group the sender must be a member now; all members get it with this view's number.
    fn gate(
        &mut self,
        ctx: &mut Context<'_, Self>,
        from: ProcessId,
        id: u64,
        name: String,
        body: String,
    ) -> Result<(), Why> {
        let view = self.group(&name)?.view.clone();
        if !may_send(&view, from) {
            return Err(Why::NotMember);
        }
        let (me, data) = (ctx.me(), Data { group: name, epoch: view.epoch, id, body });
        ctx.multicast(
            view.members.iter().copied().filter(|member| *member != me),
            Message::Deliver { origin: from, data: data.clone() },
        );
        if view.members.contains(&me) {
            self.on_data(ctx, from, data);
        }
        Ok(())
    }

    /// Who is no member asks to whom to send; a closed group does not tell.
    fn look_up(&self, ctx: &mut Context<'_, Self>, from: ProcessId, id: u64, name: &str) -> Result<(), Why> {
        let view = &self.group(name)?.view;
        if !may_send(view, from) {
            return Err(Why::NotMember);
        }
        ctx.send(from, Message::Found { request: id, view: view.clone() });
        Ok(())
    }

    fn group(&self, name: &str) -> Result<&Group, Why> {
        self.groups.get(name).filter(|group| group.owner.is_some()).ok_or(Why::Unknown)
    }

    /// A new view, for everybody who is in the old one or the new one.
    fn change(
        &mut self,
        ctx: &mut Context<'_, Self>,
        name: &str,
        alter: impl FnOnce(&mut BTreeSet<ProcessId>),
    ) {
        let Some(group) = self.groups.get_mut(name) else { return };
        let mut concerned = group.view.members.clone();
        alter(&mut group.view.members);
        group.view.epoch += 1;
        concerned.extend(&group.view.members);
        let (me, view) = (ctx.me(), group.view.clone());
        ctx.multicast(concerned.iter().copied().filter(|member| *member != me), Message::View(view.clone()));
        if !view.members.contains(&me) {
            ctx.produce(Output::View(view.clone()));
        }
        if concerned.contains(&me) {
            self.on_view(ctx, view);
        }
    }

    /// A refusal is told where it is refused and to whom.
    pub(super) fn reject(&mut self, ctx: &mut Context<'_, Self>, refusal: Refusal) {
        if refusal.who != ctx.me() {
            ctx.send(refusal.who, Message::Reject(refusal.clone()));
        }
        ctx.produce(Output::Rejected(refusal));
    }
}
