//! Tokens that are found along a tree: Raymond (1989), Naimi and Trehel (1987), and their mutants.

use super::{
    needs,
    sketch::{Ctx, PROMISES, Sketch, Sketched},
    wants,
};
use crate::trial::Trial;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use synod::{
    algorithms::{
        naimi_trehel::NaimiTrehel,
        parts::section::Section,
        raymond::{self, Raymond},
    },
    problems::mutual_exclusion::MutualExclusion,
    process::{ProcessId, Verdict, What},
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum RaymondBug {
    #[default]
    None,
    /// Passes the token on and does not ask for it back, though others wait here.
    DoesNotAskAgain,
    /// Asks once for everybody who waits here.
    AsksEachTime,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
enum RaymondMessage {
    Request,
    Privilege,
}

/// On a line: everybody's neighbours are the one before and the one after.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Line {
    bug: RaymondBug,
    holder: ProcessId,
    queue: VecDeque<ProcessId>,
    asked: bool,
}

impl Line {
    fn assign(&mut self, ctx: &mut Ctx<'_, Self>, section: &mut Section) {
        if self.holder != ctx.me() || section.is_inside() {
            return;
        }
        let Some(next) = self.queue.pop_front() else { return };
        self.holder = next;
        self.asked = false;
        if next == ctx.me() {
            section.enter(ctx);
        } else {
            ctx.send(next, RaymondMessage::Privilege);
        }
    }

    fn request(&mut self, ctx: &mut Ctx<'_, Self>) {
        let asked = self.asked && self.bug != RaymondBug::AsksEachTime;
        if self.holder != ctx.me() && !self.queue.is_empty() && !asked {
            self.asked = true;
            ctx.send(self.holder, RaymondMessage::Request);
        }
    }
}

impl Sketch for Line {
    type Bug = RaymondBug;
    type Message = RaymondMessage;

    fn begin(ctx: &mut Ctx<'_, Self>, bug: RaymondBug) -> Self {
        Self { bug, holder: ProcessId(ctx.me().0.saturating_sub(1)), queue: VecDeque::new(), asked: false }
    }

    fn ask(&mut self, ctx: &mut Ctx<'_, Self>, section: &mut Section) {
        self.queue.push_back(ctx.me());
        self.assign(ctx, section);
        self.request(ctx);
    }

    fn hear(
        &mut self,
        ctx: &mut Ctx<'_, Self>,
        section: &mut Section,
        from: ProcessId,
        message: RaymondMessage,
    ) {
        match message {
            RaymondMessage::Request => self.queue.push_back(from),
            RaymondMessage::Privilege => self.holder = ctx.me(),
        }
        self.assign(ctx, section);
        if message == RaymondMessage::Request || self.bug != RaymondBug::DoesNotAskAgain {
            self.request(ctx);
        }
    }

    fn leave(&mut self, ctx: &mut Ctx<'_, Self>) {
        self.assign(ctx, &mut Section::default());
        self.request(ctx);
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
enum NaimiBug {
    #[default]
    None,
    /// Nobody learns from the requests that it hears.
    KeepsFather,
    /// Passes the token on while inside.
    PassesInside,
    /// A request that has reached its end is passed on all the same, so that the one before is forgotten.
    ForgetsNext,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
enum NaimiMessage {
    Request(ProcessId),
    Token,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Naimi {
    bug: NaimiBug,
    father: Option<ProcessId>,
    next: Option<ProcessId>,
    token: bool,
}

impl Sketch for Naimi {
    type Bug = NaimiBug;
    type Message = NaimiMessage;

    fn begin(ctx: &mut Ctx<'_, Self>, bug: NaimiBug) -> Self {
        let token = ctx.me().0 == 0;
        Self { bug, father: (!token).then_some(ProcessId(0)), next: None, token }
    }

    fn ask(&mut self, ctx: &mut Ctx<'_, Self>, section: &mut Section) {
        match self.father.take() {
            Some(father) => ctx.send(father, NaimiMessage::Request(ctx.me())),
            None if self.token => section.enter(ctx),
            None => {}
        }
    }

    fn hear(
        &mut self,
        ctx: &mut Ctx<'_, Self>,
        section: &mut Section,
        _from: ProcessId,
        message: NaimiMessage,
    ) {
        let NaimiMessage::Request(origin) = message else {
            self.token = true;
            if section.is_waiting() {
                section.enter(ctx);
            }
            return;
        };
        let busy = section.is_waiting() || section.is_inside() && self.bug != NaimiBug::PassesInside;
        match self.father {
            Some(father) => ctx.send(father, NaimiMessage::Request(origin)),
            None if busy => self.next = Some(origin),
            None => {
                self.token = false;
                ctx.send(origin, NaimiMessage::Token);
            }
        }
        let learns = match self.bug {
            NaimiBug::KeepsFather => false,
            // Who waits stays the end of the chain: the next request overwrites `next`.
            NaimiBug::ForgetsNext => !busy,
            NaimiBug::None | NaimiBug::PassesInside => true,
        };
        if learns {
            self.father = Some(origin);
        }
    }

    fn leave(&mut self, ctx: &mut Ctx<'_, Self>) {
        if let Some(next) = self.next.take() {
            self.token = false;
            ctx.send(next, NaimiMessage::Token);
        }
    }
}

fn busy() -> Trial<MutualExclusion> {
    wants(4, 6, &[(0, 3), (1, 2), (2, 1), (3, 0), (20, 3), (21, 1), (50, 2), (51, 0), (52, 3)])
}

/// Pairs and triples that want to enter one after the other.
fn many(nodes: u32) -> Vec<Trial<MutualExclusion>> {
    let mut trials = Vec::new();
    for gap in [0, 3, 15, 60] {
        for (first, second) in [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)] {
            trials.push(wants(nodes, 50, &[(0, first), (gap, second)]));
            trials.push(wants(nodes, 5, &[(0, first), (gap, second), (2 * gap, first)]));
        }
    }
    trials
}

#[test]
fn without_a_bug_they_keep_their_promises() {
    let line = raymond::Config { children: 1, ..Default::default() };
    for trial in many(3).into_iter().chain([busy(), busy().fifo()]) {
        for verdict in ["deadlock-freedom", "mutual-exclusion", "starvation-freedom", "well-formedness"] {
            assert_eq!(trial.search::<Sketched<Line>>(&RaymondBug::None, verdict), None);
            assert_eq!(trial.search::<Sketched<Naimi>>(&NaimiBug::None, verdict), None);
        }
    }
    busy().survives::<Sketched<Line>>(&RaymondBug::None, PROMISES);
    busy().survives::<Sketched<Naimi>>(&NaimiBug::None, PROMISES);
    busy().survives::<Raymond>(&line, PROMISES);
    busy().survives::<NaimiTrehel>(&Default::default(), PROMISES);
}

#[test]
fn a_token_that_is_not_asked_back_does_not_return() {
    needs::<Sketched<Line>>(&many(3), &RaymondBug::DoesNotAskAgain, "deadlock-freedom", (4, 4));
}

/// Who asks anew for everybody who waits here is as safe, but costs more: requests breed requests.
#[test]
fn asking_each_time_costs_more() {
    let mut trial = wants(3, 50, &[(0, 0), (1, 2), (15, 1)]);
    trial.setup.event_limit = 300;
    let most = |bug| {
        let mut most = 0;
        trial.each_run::<Sketched<Line>>(&bug, &["mutual-exclusion"], |_, history, verdicts| {
            assert!(matches!(verdicts, [Verdict::Holds { .. }]), "{verdicts:?}");
            let sent = history.steps.iter().filter(|step| matches!(step.what, What::Send { .. }));
            most = most.max(sent.count());
        });
        most
    };
    let (wanted, found) = (most(RaymondBug::None), most(RaymondBug::AsksEachTime));
    assert!(wanted <= 10 && found > 2 * wanted, "{found} messages, {wanted} without the bug");
}

#[test]
fn naimi_and_trehels_bugs_break_their_promises() {
    // Who gave its token away has nobody to ask: two messages are enough where the catalogue has three.
    needs::<Sketched<Naimi>>(&many(3), &NaimiBug::KeepsFather, "deadlock-freedom", (2, 2));
    let inside = wants(2, 100, &[(0, 0), (1, 1)]);
    inside.kills::<Sketched<Naimi>>(&NaimiBug::PassesInside, "mutual-exclusion", (2, 2));
    let three = wants(3, 100, &[(0, 0), (1, 1), (2, 2)]);
    three.kills::<Sketched<Naimi>>(&NaimiBug::ForgetsNext, "deadlock-freedom", (3, 3));
}
