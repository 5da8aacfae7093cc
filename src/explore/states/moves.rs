//! What can happen in a state besides plain deliveries, and what comes of it.

use super::{
    draft::Draft,
    environment::{Barrier, Coming, Doomed, nanoseconds},
    node::{Input, OVERDUE},
    space::{Kind, Space, Words, is_behind},
    view::{Mood, View},
};
use crate::{
    process::ProcessId,
    world::{Action, Heal, Planned, Targets},
};

/// Up to so many nodes every partition into two parts is tried; above, only those that leave one node alone.
const EVERY_PARTITION: usize = 5;

impl Space {
    /// Timers, what is planned, and faults.
    pub(super) fn expand_rest(
        &self,
        view: &mut View<'_>,
        words: Words<'_>,
        under_way: bool,
        found: &mut impl FnMut(u128, u32),
    ) {
        let environment = view.environments[words[0] as usize].environment.clone();
        let nodes = &words[self.first_node()..self.first_message()];
        let facts = |view: &View<'_>, node: u32| view.nodes[node as usize];
        let ready = (0..).zip(nodes).filter_map(|(who, node): (u32, &u32)| {
            let facts = facts(view, *node);
            let left = facts.timer.filter(|left| environment.is_in_time(*left))?;
            (facts.mood == Mood::Up).then_some((who, left))
        });
        let ready: Vec<(u32, i64)> = ready.collect();
        let mut enabled = Vec::new();
        let coming = environment.next().map(|(left, _)| left);
        let first = ready.iter().map(|(_, left)| *left).min();
        if self.timers_any_time {
            enabled.extend(ready.iter().map(|(who, _)| (Kind::Timer, *who)));
        } else if let Some(first) = first
            && !under_way
            && coming.is_none_or(|coming| first < coming || first == OVERDUE)
        {
            // Which of those that run out at the same time is first is left open.
            let due = ready.iter().filter(|(_, left)| *left == first);
            enabled.extend(due.map(|(who, _)| (Kind::Timer, *who)));
        }
        if let Some(coming) = coming
            && (self.timers_any_time || under_way || first.is_none_or(|first| coming <= first))
        {
            enabled.push((Kind::Environment, 0));
        }
        if environment.faults > 0 {
            self.enable_faults(view, words, &mut enabled);
        }
        let down = |who: &ProcessId| facts(view, nodes[who.index()]).mood == Mood::Down;
        enabled.extend(environment.fallen.iter().filter(|who| down(who)).map(|who| (Kind::Restart, who.0)));
        if environment.barriers.iter().any(|barrier| matches!(barrier, Barrier::Added(_))) {
            enabled.push((Kind::Heal, 0));
        }
        for (kind, place) in enabled {
            self.expand_slowly(view, words, kind, place, found);
        }
    }

    /// The faults that could be added.
    fn enable_faults(&self, view: &View<'_>, words: Words<'_>, enabled: &mut Vec<(Kind, u32)>) {
        let nodes = &words[self.first_node()..self.first_message()];
        let messages = &words[self.first_message()..];
        let crossing = |place: &usize| {
            let letter = view.letters[messages[*place] as usize];
            letter.link.0 != letter.link.1 && !is_behind(view, messages, *place, &letter)
        };
        let crossing: Vec<u32> = (0..messages.len()).filter(crossing).map(|place| place as u32).collect();
        if self.faults.loss {
            enabled.extend(crossing.iter().map(|place| (Kind::Lose, *place)));
        }
        if self.faults.duplicate {
            enabled.extend(crossing.iter().map(|place| (Kind::Duplicate, *place)));
        }
        if self.faults.crash {
            let cuts: Vec<(Kind, u32)> = enabled
                .iter()
                .filter_map(|(kind, place)| match kind {
                    Kind::Timer => Some((Kind::TimerCut, *place)),
                    Kind::Environment => Some((Kind::EnvironmentCut, *place)),
                    _ => None,
                })
                .collect();
            enabled.extend(cuts);
            let letter = |place: usize| &view.letters[messages[place] as usize];
            let is_next = |place: &usize| !is_behind(view, messages, *place, letter(*place));
            let deliveries = (0..messages.len()).filter(is_next);
            enabled.extend(deliveries.map(|place| (Kind::DeliverCut, place as u32)));
            let up = |node: &u32| matches!(view.nodes[*node as usize].mood, Mood::Up | Mood::Paused);
            let up = (0..).zip(nodes).filter(|(_, node)| up(node));
            enabled.extend(up.map(|(who, _)| (Kind::Crash, who)));
        }
        let environment = &view.environments[words[0] as usize].environment;
        if self.faults.partition && environment.barriers.is_empty() {
            let every = nodes.len() <= EVERY_PARTITION;
            let last = 1_u32 << (nodes.len() as u32 - 1);
            let masks = if every { (1..last).collect::<Vec<_>>() } else { Vec::new() };
            enabled.extend(masks.into_iter().map(|mask| (Kind::Partition, mask)));
            let alone = if every { 0..0 } else { 0..nodes.len() as u32 };
            enabled.extend(alone.map(|who| (Kind::Partition, (1 << EVERY_PARTITION) + who)));
        }
    }

    /// All that may come of something that happens.
    pub(super) fn outcomes(&self, view: &mut View<'_>, draft: Draft, kind: Kind, place: u32) -> Vec<Draft> {
        let who = ProcessId(place);
        let mut draft = draft;
        if matches!(kind, Kind::Lose | Kind::Duplicate | Kind::Crash | Kind::Partition) {
            draft.environment.faults -= 1;
        }
        match kind {
            Kind::Deliver => self.deliver(view, draft, place),
            Kind::Timer => {
                let left = view.nodes[draft.nodes[who.index()] as usize].timer.unwrap_or(0);
                draft.pass(view, left);
                draft.step(self, view, who, Input::Expire)
            }
            Kind::Environment => self.enact_next(view, draft),
            Kind::Lose => {
                draft.messages.remove(place as usize);
                vec![draft]
            }
            Kind::Duplicate => {
                let message = draft.messages[place as usize];
                draft.send(view, message);
                vec![draft]
            }
            Kind::Crash => {
                draft.environment.fall(who);
                draft.step(self, view, who, Input::Crash)
            }
            Kind::Restart => boot(self, view, draft, who),
            Kind::Partition => {
                draft.environment.barriers.push(Barrier::Added(mask(place)));
                vec![draft]
            }
            Kind::Heal => {
                draft.environment.heal(&self.setup, Heal::Partitions);
                vec![draft]
            }
            Kind::DeliverCut => self.cut(view, &draft, Kind::Deliver, place),
            Kind::TimerCut => self.cut(view, &draft, Kind::Timer, place),
            Kind::EnvironmentCut => self.cut(view, &draft, Kind::Environment, place),
        }
    }

    /// The nodes on one side of the partition with this number.
    pub(super) fn side(&self, place: u32) -> Vec<ProcessId> {
        self.setup.names.ids().filter(|who| mask(place) >> who.0 & 1 == 1).collect()
    }

    /// The same, but whoever acts crashes after so many of the messages it sends, for each number but the last.
    fn cut(&self, view: &mut View<'_>, draft: &Draft, kind: Kind, place: u32) -> Vec<Draft> {
        let Some(who) = self.actor(view, draft, kind, place) else { return Vec::new() };
        if draft.environment.doomed.iter().any(|doomed| doomed.node == who) {
            return Vec::new();
        }
        let mut all = Vec::new();
        for remaining in 1.. {
            let mut doomed = draft.clone();
            doomed.environment.faults -= 1;
            doomed.environment.fall(who);
            doomed.environment.doomed.push(Doomed { node: who, remaining, lasts: None });
            let mut drafts = self.outcomes(view, doomed, kind, place);
            drafts.retain(|draft| draft.environment.doomed.iter().all(|doomed| doomed.node != who));
            if drafts.is_empty() {
                break;
            }
            all.append(&mut drafts);
        }
        all
    }

    /// The one node that acts in a move, if there is one.
    pub(super) fn actor(&self, view: &View<'_>, draft: &Draft, kind: Kind, place: u32) -> Option<ProcessId> {
        match kind {
            Kind::Deliver => Some(ProcessId(view.letters[draft.messages[place as usize] as usize].link.1)),
            Kind::Timer => Some(ProcessId(place)),
            Kind::Environment => match draft.environment.next()?.1 {
                Coming::Start(node) => Some(node),
                Coming::Planned(number) => match &self.setup.agenda[number as usize].action {
                    Action::Request { targets: Targets::Node(node), .. } => Some(*node),
                    _ => None,
                },
                Coming::Restart { .. } | Coming::Resume { .. } | Coming::Restore(_) => None,
            },
            _ => None,
        }
    }

    fn deliver(&self, view: &mut View<'_>, mut draft: Draft, place: u32) -> Vec<Draft> {
        let message = draft.messages.remove(place as usize);
        let (from, to) = view.letters[message as usize].link;
        if draft.environment.blocks(&self.setup, ProcessId(from), ProcessId(to)) {
            return vec![draft];
        }
        draft.step(self, view, ProcessId(to), Input::Hear(message))
    }

    /// What comes next outside the nodes takes place.
    fn enact_next(&self, view: &mut View<'_>, mut draft: Draft) -> Vec<Draft> {
        let (left, coming) = draft.environment.queue.remove(0);
        draft.pass(view, left);
        let mood = |view: &View<'_>, draft: &Draft, who: ProcessId| {
            view.nodes[draft.nodes[who.index()] as usize].mood
        };
        match coming {
            Coming::Start(node) => draft.step(self, view, node, Input::Boot),
            Coming::Restart { node, valid } if valid && mood(view, &draft, node) == Mood::Down => {
                boot(self, view, draft, node)
            }
            Coming::Resume { node, valid } if valid && mood(view, &draft, node) == Mood::Paused => {
                self.resume(view, draft, node)
            }
            Coming::Restart { .. } | Coming::Resume { .. } => vec![draft],
            Coming::Restore(planned) => {
                draft.environment.barriers.retain(|barrier| *barrier != Barrier::Planned(planned));
                vec![draft]
            }
            Coming::Planned(number) => {
                draft.environment.plan(&self.setup, number + 1);
                self.enact(view, draft, number)
            }
        }
    }

    /// The planned action with this number takes place.
    fn enact(&self, view: &mut View<'_>, mut draft: Draft, number: u32) -> Vec<Draft> {
        let planned = &self.setup.agenda[number as usize];
        let lasts =
            planned.lasts.map(|lasts| nanoseconds(u64::try_from(lasts.as_nanos()).unwrap_or(u64::MAX)));
        let concerned = self.concerned(view, &draft, number, planned);
        match &planned.action {
            Action::Request { request, .. } => self.each(view, draft, concerned, |view, draft, who| {
                draft.step(self, view, who, Input::Ask(*request))
            }),
            Action::Crash { after_sends: Some(remaining), .. } if *remaining > 0 => {
                let doomed = concerned.into_iter().map(|node| Doomed { node, remaining: *remaining, lasts });
                draft.environment.doomed.extend(doomed);
                vec![draft]
            }
            Action::Crash { .. } => self.each(view, draft, concerned, |view, draft, node| {
                let mut drafts = draft.step(self, view, node, Input::Crash);
                let restart = Coming::Restart { node, valid: true };
                drafts.iter_mut().for_each(|draft| {
                    lasts.into_iter().for_each(|lasts| draft.environment.push(lasts, restart));
                });
                drafts
            }),
            Action::Restart(_) => {
                self.each(view, draft, concerned, |view, draft, who| boot(self, view, draft, who))
            }
            Action::Pause(_) => self.each(view, draft, concerned, |view, draft, node| {
                let mut drafts = draft.step(self, view, node, Input::Pause);
                let resume = Coming::Resume { node, valid: true };
                drafts.iter_mut().for_each(|draft| {
                    lasts.into_iter().for_each(|lasts| draft.environment.push(lasts, resume));
                });
                drafts
            }),
            Action::Resume(_) => {
                self.each(view, draft, concerned, |view, draft, who| self.resume(view, draft, who))
            }
            Action::Drop { nth, .. } => {
                draft.environment.drops.push((number, *nth));
                vec![draft]
            }
            Action::Heal(heal) => {
                draft.environment.heal(&self.setup, *heal);
                vec![draft]
            }
            Action::Partition(_) | Action::Cut(_) | Action::Link(..) | Action::Clock(..) => {
                if matches!(planned.action, Action::Partition(_) | Action::Cut(_)) {
                    draft.environment.barriers.push(Barrier::Planned(number));
                }
                lasts.into_iter().for_each(|lasts| draft.environment.push(lasts, Coming::Restore(number)));
                vec![draft]
            }
        }
    }

    /// The nodes that a planned action concerns.
    fn concerned(&self, view: &View<'_>, draft: &Draft, number: u32, planned: &Planned) -> Vec<ProcessId> {
        let mood = |who: ProcessId| view.nodes[draft.nodes[who.index()] as usize].mood;
        let up = |mood| matches!(mood, Mood::Up | Mood::Paused);
        let (targets, able): (Targets, Box<dyn Fn(Mood) -> bool>) = match &planned.action {
            // A request to a node that is down is not heard.
            Action::Request { targets: Targets::Node(node), .. } => return vec![*node],
            Action::Request { targets, .. } | Action::Crash { targets, .. } => (*targets, Box::new(up)),
            Action::Restart(targets) => (*targets, Box::new(|mood| mood == Mood::Down)),
            Action::Pause(targets) => (*targets, Box::new(|mood| mood == Mood::Up)),
            Action::Resume(targets) => (*targets, Box::new(|mood| mood == Mood::Paused)),
            Action::Partition(_)
            | Action::Heal(_)
            | Action::Cut(_)
            | Action::Link(..)
            | Action::Clock(..)
            | Action::Drop { .. } => return Vec::new(),
        };
        match targets {
            Targets::Node(node) => Some(node).into_iter().filter(|node| able(mood(*node))).collect(),
            Targets::Any(quantity) => {
                let able = self.setup.names.ids().filter(|who| able(mood(*who))).collect();
                view.interner().draw(quantity, number, able)
            }
        }
    }

    /// Something happens to some nodes, one after the other.
    fn each(
        &self,
        view: &mut View<'_>,
        draft: Draft,
        nodes: Vec<ProcessId>,
        mut act: impl FnMut(&mut View<'_>, Draft, ProcessId) -> Vec<Draft>,
    ) -> Vec<Draft> {
        let start = vec![draft];
        nodes
            .into_iter()
            .fold(start, |drafts, who| drafts.into_iter().flat_map(|draft| act(view, draft, who)).collect())
    }

    /// A node goes on, and is asked for what has waited.
    fn resume(&self, view: &mut View<'_>, mut draft: Draft, who: ProcessId) -> Vec<Draft> {
        draft.environment.void(who);
        let mut drafts = draft.step(self, view, who, Input::Resume);
        loop {
            let waits = |draft: &Draft| {
                let facts = view.nodes[draft.nodes[who.index()] as usize];
                facts.asked && facts.mood == Mood::Up
            };
            let Some(place) = drafts.iter().position(waits) else { return drafts };
            let further = drafts[place].clone().step(self, view, who, Input::AskNext);
            drafts.splice(place..=place, further);
        }
    }
}

/// The nodes on one side of the partition with this number, one bit each: of all partitions of few nodes, or of those
/// that leave one node alone.
fn mask(place: u32) -> u32 {
    place.checked_sub(1 << EVERY_PARTITION).map_or(place, |who| 1 << who)
}

/// A node that was down starts again.
fn boot(space: &Space, view: &mut View<'_>, mut draft: Draft, who: ProcessId) -> Vec<Draft> {
    draft.environment.fallen.retain(|other| *other != who);
    draft.step(space, view, who, Input::Boot)
}
