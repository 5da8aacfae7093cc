//! Leads a simulation along a recorded run: each time, what happened next there is picked from what is pending.

use super::script::{Act, Doing, Script};
use crate::{
    explore::{
        name::{find, name},
        strategy::{Fate, Offer, Pick, Strategy},
    },
    scenario::Move,
    simulate::Occasion,
    world::{Answers, Setup},
};
use std::{cell::RefCell, collections::BTreeMap, rc::Rc, sync::Arc};

/// What came of leading.
#[derive(Clone, Debug, Default)]
pub(super) struct Led {
    /// For each step, whether its time must be said.
    pub(super) timed: Vec<bool>,
    /// What could not happen.
    pub(super) trouble: Option<Trouble>,
}

/// Why a simulation cannot go where the recorded run went.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Trouble {
    /// What happened is not there to happen.
    Missing { at: u64, event: Option<u64>, possible: Vec<Move> },
    /// A message overtook another one on a link that keeps order.
    Overtakes,
    /// A step sent something else.
    Sends { event: u64 },
}

/// Leads along a script.
pub(super) struct Guide {
    script: Arc<Script>,
    setup: Arc<Setup>,
    /// Whether what never arrived is lost in the end.
    loses: bool,
    next: usize,
    /// The act that was picked last.
    last: Option<usize>,
    /// Whether the last pick was an act: what is lost on the way answers nothing.
    acted: bool,
    /// The offers that are a message under way.
    under_way: BTreeMap<u64, Vec<u64>>,
    messages: BTreeMap<u64, u64>,
    /// The messages that go over several links, by the place of their route.
    routes: BTreeMap<u32, u64>,
    /// What the step that was picked last, or each boot, still has to send.
    sent: BTreeMap<u64, usize>,
    /// The message whose copy is pushed next.
    copying: Option<u64>,
    seen: u64,
    /// How often each message is still to arrive or to be lost.
    to_come: BTreeMap<u64, u32>,
    led: Rc<RefCell<Led>>,
}

/// What is found of an act.
enum Found {
    Here(usize, Fate),
    /// An older message on a link that keeps order comes first.
    Behind(usize),
    Missing,
}

impl Guide {
    pub(super) fn new(script: Arc<Script>, setup: Arc<Setup>, loses: bool, led: Rc<RefCell<Led>>) -> Self {
        Self {
            script,
            setup,
            loses,
            next: 0,
            last: None,
            acted: false,
            under_way: BTreeMap::new(),
            messages: BTreeMap::new(),
            routes: BTreeMap::new(),
            sent: BTreeMap::new(),
            copying: None,
            seen: 0,
            to_come: BTreeMap::new(),
            led,
        }
    }

    /// Learns which messages the offers are that came since.
    fn learn(&mut self, pending: &[Offer]) {
        let seen = self.seen;
        for offer in pending.iter().filter(|offer| offer.serial > seen && offer.is_message()) {
            let route = match offer.entry.occasion() {
                Occasion::Hop(place) => Some(place),
                _ => None,
            };
            let known = route.and_then(|route| self.routes.get(&route).copied());
            let known = known.or_else(|| self.copying.take());
            let Some(message) = known.or_else(|| self.sending(offer, route)) else { continue };
            self.routes.extend(route.map(|route| (route, message)));
            self.under_way.entry(message).or_default().push(offer.serial);
            self.messages.insert(offer.serial, message);
        }
        self.seen = pending.iter().map(|offer| offer.serial).fold(seen, u64::max);
    }

    /// Which of the messages that its step sent an offer is.
    fn sending(&mut self, offer: &Offer, route: Option<u32>) -> Option<u64> {
        let step = match self.last {
            Some(last) => self.script.acts[last].index,
            None => self.script.births.get(&offer.from).copied(),
        }?;
        let place = self.sent.entry(step).or_default();
        let sending = self.script.sendings.get(&step)?.get(*place)?;
        *place += 1;
        if sending.kind != offer.kind || route.is_none() && sending.to.0 != offer.entry.to {
            let trouble = Trouble::Sends { event: step };
            self.led.borrow_mut().trouble.get_or_insert(trouble);
            return None;
        }
        Some(sending.message)
    }

    fn find(&self, act: &Act, pending: &[Offer]) -> Found {
        let (message, fate) = match &act.what {
            Doing::Named(what) => {
                return match find(what, pending, &self.setup) {
                    Some((place, fate)) => Found::Here(place, fate),
                    None => Found::Missing,
                };
            }
            Doing::Arrive { message, .. } | Doing::Pass { message, .. } => (message, Fate::Happens),
            Doing::Lose { message, .. } => (message, Fate::Lost),
            Doing::Double { message } => (message, Fate::Twice),
        };
        let serials = self.under_way.get(message).map_or(&[][..], Vec::as_slice);
        let fits = |offer: &Offer| match &act.what {
            Doing::Arrive { at, .. } | Doing::Pass { at, .. } => offer.entry.to == at.0,
            Doing::Lose { from, .. } => offer.from == *from,
            Doing::Double { .. } | Doing::Named(_) => true,
        };
        let meant = |offer: &Offer| serials.contains(&offer.serial) && fits(offer);
        let Some(place) = pending.iter().position(meant) else { return Found::Missing };
        let offer = &pending[place];
        let before = pending[..place].iter().position(|other| offer.fifo && other.is_before(offer));
        match before {
            Some(before) if fate != Fate::Twice => Found::Behind(before),
            _ => Found::Here(place, fate),
        }
    }

    /// An offer is taken.
    fn take(&mut self, offer: &Offer, fate: Fate) {
        if fate == Fate::Twice {
            self.copying = self.messages.get(&offer.serial).copied();
        } else if let Some(message) = self.messages.remove(&offer.serial)
            && let Some(serials) = self.under_way.get_mut(&message)
        {
            serials.retain(|serial| *serial != offer.serial);
        }
    }

    /// What was under way in the end never arrived.
    fn lose_rest(&mut self, pending: &[Offer], now: u64) -> Option<Pick> {
        let until = self.setup.until.map_or(u64::MAX, |until| until.0);
        let lost = |offer: &Offer| offer.is_message() && offer.entry.time <= until;
        let place = pending.iter().position(lost).filter(|_| self.loses)?;
        self.led.borrow_mut().timed.push(pending[place].entry.time.max(now) != now);
        Some(Pick { place: place as u32, fate: Fate::Lost, at: Some(now) })
    }
}

impl Strategy for Guide {
    fn begin(&mut self) {
        let fresh = Self::new(self.script.clone(), self.setup.clone(), self.loses, self.led.clone());
        *self = fresh;
        *self.led.borrow_mut() = Led::default();
        let script = self.script.clone();
        for act in &script.acts {
            if let Doing::Arrive { message, .. } | Doing::Lose { message, .. } = &act.what {
                *self.to_come.entry(*message).or_default() += 1;
            }
        }
    }

    fn pick(&mut self, pending: &[Offer], enabled: &[u32], now: u64) -> Option<Pick> {
        self.learn(pending);
        self.acted = false;
        if self.led.borrow().trouble.is_some() {
            return None;
        }
        let script = self.script.clone();
        let Some(act) = script.acts.get(self.next) else { return self.lose_rest(pending, now) };
        let (place, fate, acted) = match self.find(act, pending) {
            Found::Here(place, fate) => (place, fate, true),
            Found::Behind(place) => {
                let message = self.messages.get(&pending[place].serial);
                if message.is_none_or(|message| self.to_come.get(message).is_some_and(|left| *left > 0)) {
                    self.led.borrow_mut().trouble = Some(Trouble::Overtakes);
                    return None;
                }
                (place, Fate::Lost, false)
            }
            Found::Missing => {
                let possible =
                    enabled.iter().map(|place| name(pending, *place as usize, Fate::Happens, &self.setup));
                let possible = possible.collect();
                self.led.borrow_mut().trouble =
                    Some(Trouble::Missing { at: act.at, event: act.index, possible });
                return None;
            }
        };
        let offer = pending[place];
        self.take(&offer, fate);
        if acted {
            if let Doing::Arrive { message, .. } | Doing::Lose { message, .. } = &act.what
                && let Some(left) = self.to_come.get_mut(message)
            {
                *left -= 1;
            }
            self.acted = true;
            self.last = Some(self.next);
            self.next += 1;
        }
        let usual = offer.entry.time.max(now);
        // A timer does not run out before its time, nor does what is planned happen before it.
        let earliest = if offer.is_message() { 0 } else { offer.entry.time };
        let at = act.at.max(earliest).max(now);
        self.led.borrow_mut().timed.push(at != usual && fate != Fate::Twice);
        Some(Pick { place: place as u32, fate, at: Some(at).filter(|_| fate != Fate::Twice) })
    }

    fn names_kinds(&self) -> bool {
        true
    }

    fn answers(&self) -> Answers<'_> {
        match self.last {
            Some(last) if self.acted => {
                let act = &self.script.acts[last];
                Answers { choices: &act.choose, lengths: &act.runs }
            }
            _ => Answers::default(),
        }
    }

    fn stopped(&self) -> bool {
        true
    }
}
