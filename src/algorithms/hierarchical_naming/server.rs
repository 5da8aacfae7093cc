//! The serving side: what a zone's server answers, whom it asks on behalf of others, and how zones are copied.

use super::{
    Entry, Finding, HierarchicalNaming, Message, Outcome, Question, Referral, Resolution, Timer, Wanted,
    path_of,
};
use crate::{
    problems::naming::Output,
    process::{Context, LocalTime, ProcessId},
};
use std::collections::BTreeMap;

/// At how many places of its own zones a server says what it knows from the beginning.
const PLACES: usize = 10_000;

/// A question that this process passed on, in the words in which it was asked itself.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Relay {
    from: ProcessId,
    question: Question,
    since: LocalTime,
}

/// A copy of a zone.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Copied {
    records: BTreeMap<String, String>,
    /// When it was asked for.
    at: LocalTime,
}

impl HierarchicalNaming {
    /// The zones of this process, as they were saved or as they are in the beginning; then the copies.
    pub(super) fn serve(&mut self, ctx: &mut Context<'_, Self>) {
        let me = ctx.me();
        if self.stable.zones.is_none() {
            let mine = self.config.zones.iter().filter(|(_, zone)| zone.primary() == me);
            let zones: BTreeMap<_, _> =
                mine.map(|(name, zone)| (name.clone(), entries(&zone.records))).collect();
            let serves = !zones.is_empty();
            self.stable.zones = Some(zones);
            if serves {
                ctx.save(self.stable.clone());
            }
            self.announce(ctx);
        }
        let copied = self.config.zones.values().any(|zone| !zone.secondaries.is_empty());
        let kept = self.config.ttl.max(self.config.negative_ttl);
        let lifetime = if copied { kept + self.config.expire } else { kept };
        if !lifetime.is_zero() {
            ctx.produce(Output::Lifetime(lifetime));
        }
        let copied = self.config.zones.iter().filter(|(_, zone)| zone.secondaries.contains(&me));
        let copied: Vec<String> = copied.map(|(name, _)| name.clone()).collect();
        copied.into_iter().for_each(|zone| self.refresh(ctx, zone));
    }

    /// Says which names this process knows from the beginning, by their paths from the root.
    fn announce(&self, ctx: &mut Context<'_, Self>) {
        let Some(zones) = &self.stable.zones else { return };
        for (place, zone) in self.places() {
            for (path, entry) in zones.get(zone).into_iter().flatten() {
                let name = if place.is_empty() { path.clone() } else { format!("{place}/{path}") };
                let Some(address) = entry.address.clone() else { continue };
                ctx.produce(Output::Serves { name, address });
            }
        }
    }

    /// Where each zone is mounted, from the root down. Zones mounted in a circle are at places without end: these are
    /// the first.
    fn places(&self) -> Vec<(String, &str)> {
        let mut places: Vec<(String, &str)> = vec![(String::new(), super::ROOT)];
        let mut next = 0;
        while let Some((place, zone)) = places.get(next).cloned() {
            next += 1;
            for (label, mounted) in self.config.zones.get(zone).into_iter().flat_map(|zone| &zone.mounts) {
                let below = if place.is_empty() { label.clone() } else { format!("{place}/{label}") };
                if below.matches('/').count() < self.config.zones.len() && places.len() < PLACES {
                    places.push((below, mounted));
                }
            }
        }
        places
    }

    /// Who serves a zone.
    pub(super) fn referral(&self, zone: &str) -> Referral {
        let servers = self.config.zones.get(zone).map_or_else(Vec::new, super::Zone::servers);
        Referral { zone: zone.to_owned(), servers }
    }

    /// A question: answered here as far down as this process knows its way, then it is somebody else's.
    pub(super) fn on_ask(
        &mut self,
        ctx: &mut Context<'_, Self>,
        from: ProcessId,
        question: Question,
        attempt: u32,
    ) {
        let (mut zone, mut path) = (question.zone.clone(), question.path.clone());
        while let Some((below, rest)) = self.below(&zone, &path) {
            if !self.has(ctx, &zone, &Wanted::Address) {
                return;
            }
            if !self.has(ctx, &below, &question.wanted) {
                let next = self.referral(&below);
                return match self.config.resolution {
                    Resolution::Iterative => ctx.send(from, Message::Refer { question, next, rest }),
                    Resolution::Recursive => self.pass_on(ctx, from, question, next, rest, attempt),
                };
            }
            (zone, path) = (below, rest);
        }
        if let Some(finding) = self.look_up(ctx, &zone, &path, &question) {
            ctx.send(from, Message::Answer { question, finding });
        }
    }

    /// The zone that is mounted at the first label of a path, and the rest of the path.
    fn below(&self, zone: &str, path: &str) -> Option<(String, String)> {
        let (label, rest) = path.split_once('/')?;
        let mounted = self.config.zones.get(zone)?.mounts.get(label)?;
        Some((mounted.clone(), rest.to_owned()))
    }

    /// Whether this process serves a zone; to answer a question a copy will do that is not too old.
    fn has(&self, ctx: &Context<'_, Self>, zone: &str, wanted: &Wanted) -> bool {
        let serves = self.stable.zones.as_ref().is_some_and(|zones| zones.contains_key(zone));
        serves || *wanted == Wanted::Address && self.copy(ctx, zone).is_some()
    }

    fn copy(&self, ctx: &Context<'_, Self>, zone: &str) -> Option<&Copied> {
        let copy = self.copies.get(zone)?;
        (ctx.now() <= copy.at.after(self.config.expire)).then_some(copy)
    }

    /// What this process itself says to a question about one of its zones; nothing when it cannot say.
    fn look_up(
        &mut self,
        ctx: &mut Context<'_, Self>,
        zone: &str,
        path: &str,
        question: &Question,
    ) -> Option<Finding> {
        let serves = self.stable.zones.as_ref().is_some_and(|zones| zones.contains_key(zone));
        let outcome = match &question.wanted {
            Wanted::Address => {
                let address = if serves {
                    self.stable.zones.as_ref()?.get(zone)?.get(path).and_then(|entry| entry.address.clone())
                } else {
                    self.copy(ctx, zone)?.records.get(path).cloned()
                };
                address.map_or(Outcome::NotFound, Outcome::Address)
            }
            Wanted::Registration(address) => self.change(ctx, zone, path, question, Some(address.clone()))?,
            Wanted::Removal => self.change(ctx, zone, path, question, None)?,
        };
        let left = match &outcome {
            Outcome::Address(_) => self.config.ttl,
            Outcome::NotFound => self.config.negative_ttl,
            Outcome::Done => std::time::Duration::ZERO,
        };
        Some(Finding { outcome, cached: !serves, left, hops: 1 })
    }

    /// Changes a name, unless a later request of the same process has changed it already.
    fn change(
        &mut self,
        ctx: &mut Context<'_, Self>,
        zone: &str,
        path: &str,
        question: &Question,
        address: Option<String>,
    ) -> Option<Outcome> {
        let entries = self.stable.zones.as_mut()?.get_mut(zone)?;
        let entry = entries.entry(path.to_owned()).or_default();
        let place = entry.changed.iter().position(|(origin, _)| *origin == question.origin);
        let last = place.map_or(0, |place| entry.changed[place].1);
        if question.id > last {
            entry.changed.retain(|(origin, _)| *origin != question.origin);
            entry.changed.push((question.origin, question.id));
            entry.address = address;
            ctx.save(self.stable.clone());
        }
        Some(Outcome::Done)
    }

    /// Recursive: this process asks the next server itself, unless it knows the answer from before.
    fn pass_on(
        &mut self,
        ctx: &mut Context<'_, Self>,
        from: ProcessId,
        question: Question,
        next: Referral,
        rest: String,
        attempt: u32,
    ) {
        let asks = question.wanted == Wanted::Address;
        if let Some(finding) = self.cache.finding(&next.zone, &rest, ctx.now()).filter(|_| asks) {
            return ctx.send(from, Message::Answer { question, finding: Finding { hops: 1, ..finding } });
        }
        let turn = if asks { attempt as usize % next.servers.len().max(1) } else { 0 };
        let Some(server) = next.servers.get(turn) else { return };
        let below = Question { zone: next.zone, path: rest, ..question.clone() };
        ctx.send(*server, Message::Ask { question: below.clone(), attempt });
        let now = ctx.now();
        let relay = self.relays.entry(below).or_insert(Relay { from, question, since: now });
        relay.from = from;
    }

    /// Recursive: the answer goes back to where the question came from.
    pub(super) fn pass_back(
        &mut self,
        ctx: &mut Context<'_, Self>,
        below: &Question,
        relay: Relay,
        finding: Finding,
    ) {
        if below.wanted == Wanted::Address {
            self.cache.keep(below, &finding, relay.since);
        } else {
            self.cache.forget(&below.zone, &below.path);
        }
        let finding = Finding { hops: finding.hops + 1, ..finding };
        ctx.send(relay.from, Message::Answer { question: relay.question, finding });
    }

    /// A secondary asks for its zone, and again later.
    pub(super) fn refresh(&mut self, ctx: &mut Context<'_, Self>, zone: String) {
        let Some(known) = self.config.zones.get(&zone) else { return };
        ctx.send(known.primary(), Message::Transfer { zone: zone.clone(), at: ctx.now() });
        ctx.set_timer(Timer::Refresh(zone), self.config.refresh.max(std::time::Duration::from_millis(1)));
    }

    /// The server gives the whole zone away.
    pub(super) fn on_transfer(
        &mut self,
        ctx: &mut Context<'_, Self>,
        from: ProcessId,
        zone: String,
        at: LocalTime,
    ) {
        let Some(entries) = self.stable.zones.as_ref().and_then(|zones| zones.get(&zone)) else { return };
        let known = entries.iter().filter_map(|(path, entry)| Some((path.clone(), entry.address.clone()?)));
        ctx.send(from, Message::Contents { zone, at, records: known.collect() });
    }

    /// The secondary has the zone as it was when it asked, or later.
    pub(super) fn on_contents(
        &mut self,
        from: ProcessId,
        zone: String,
        at: LocalTime,
        records: BTreeMap<String, String>,
    ) {
        let wanted = self.config.zones.get(&zone).is_some_and(|known| known.primary() == from);
        if wanted && self.copies.get(&zone).is_none_or(|copy| copy.at < at) {
            self.copies.insert(zone, Copied { records, at });
        }
    }
}

fn entries(records: &BTreeMap<String, String>) -> BTreeMap<String, Entry> {
    let entry = |address: &String| Entry { address: Some(address.clone()), changed: Vec::new() };
    records.iter().map(|(name, address)| (path_of(name), entry(address))).collect()
}
