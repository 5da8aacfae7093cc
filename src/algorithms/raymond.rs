//! Mutual exclusion by a token in a tree: every process knows in which direction the token is.
//!
//! Raymond, "A tree-based algorithm for distributed mutual exclusion" (1989), section 3.
//!
//! ```text
//!     n1, token         n4 asks n2, which asks n1 in its own name; the token goes n1 -> n2 -> n4
//!    /  \
//!   n2   n3
//!  /
//! n4
//! ```

use super::parts::section::{Alarm, Section, Wish};
use crate::{
    problems::mutual_exclusion::{MutualExclusion, Request},
    process::{Context, Description, Formula, Process, ProcessId},
};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Raymond {
    section: Section,
    /// `HOLDER`: the neighbour in whose direction the token is, or this process itself.
    holder: ProcessId,
    /// `REQUEST_Q`: neighbours that have asked for the token, and this process itself.
    queue: VecDeque<ProcessId>,
    /// `ASKED`: whether the holder was asked.
    asked: bool,
}

/// The scenario's `algorithm.config`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// How many children each node of the tree has, level by level in the order of the nodes; 1 makes it a line. The
    /// topology `tree: {children: 2}` has exactly these links.
    pub children: u32,
    /// Who has the token at first; the first node unless said otherwise.
    pub holder: Option<ProcessId>,
}

impl Default for Config {
    fn default() -> Self {
        Self { children: 2, holder: None }
    }
}

/// What participants send each other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// Towards the token: I want it, or somebody behind me does.
    Request,
    /// `PRIVILEGE`: the token.
    Privilege,
}

impl Process for Raymond {
    type Problem = MutualExclusion;
    type Config = Config;
    type Message = Message;
    type Timer = Alarm;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "raymond",
        summary: "A token moves along the edges of a tree; every process asks only its neighbour in the token's direction.",
        assumes: &[
            "perfect links between neighbours in the tree: nothing is lost, duplicated or made up; order does not matter",
            "nobody crashes",
        ],
        promises: &["mutual-exclusion", "well-formedness", "deadlock-freedom", "starvation-freedom"],
        messages: &[
            ("request", "to the neighbour in the token's direction: I want it, or somebody behind me does"),
            ("privilege", "the token"),
        ],
        cost: "2 messages for each edge between a process and the token; 4(N-1)/N for each entry when all always want to enter",
        breaks: &[
            "any process crashes: those behind it never enter (deadlock-freedom)",
            "one lost message (deadlock-freedom)",
        ],
        source: "Raymond, A tree-based algorithm for distributed mutual exclusion (1989), section 3",
    };
    const FORMULAS: &'static [Formula] = &[Formula::between("0", "2(N-1)")];

    fn boot(ctx: &mut Context<'_, Self>, config: &Config, (): ()) -> Self {
        let me = ctx.me();
        let wanted = config.holder.unwrap_or(ProcessId(0));
        let holder = next_hop(config.children.max(1), me, wanted);
        Self { section: Section::default(), holder, queue: VecDeque::new(), asked: false }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        let wish = self.section.on_request(request);
        self.act(ctx, wish);
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Request => self.queue.push_back(from),
            Message::Privilege => self.holder = ctx.me(),
        }
        self.assign_privilege(ctx);
        self.make_request(ctx);
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Alarm) {
        match timer {
            Alarm::Leave => self.exit(ctx),
        }
    }
}

impl Raymond {
    fn act(&mut self, ctx: &mut Context<'_, Self>, wish: Wish) {
        match wish {
            Wish::Enter => {
                self.queue.push_back(ctx.me());
                self.assign_privilege(ctx);
                self.make_request(ctx);
            }
            Wish::Exit => self.exit(ctx),
            Wish::Nothing => {}
        }
    }

    /// `ASSIGN_PRIVILEGE`: a token that nobody uses goes to the first of the queue, which may be this process.
    fn assign_privilege(&mut self, ctx: &mut Context<'_, Self>) {
        if self.holder != ctx.me() || self.section.is_inside() {
            return;
        }
        let Some(next) = self.queue.pop_front() else { return };
        self.holder = next;
        self.asked = false;
        if next == ctx.me() {
            self.section.enter(ctx);
        } else {
            ctx.send(next, Message::Privilege);
        }
    }

    /// `MAKE_REQUEST`: asks the holder once for all who wait here.
    fn make_request(&mut self, ctx: &mut Context<'_, Self>) {
        if self.holder != ctx.me() && !self.queue.is_empty() && !self.asked {
            self.asked = true;
            ctx.send(self.holder, Message::Request);
        }
    }

    /// Leaves; the token goes to who waits for it.
    fn exit(&mut self, ctx: &mut Context<'_, Self>) {
        self.section.exit(ctx);
        let wish = self.section.open_next();
        match wish {
            // Those who have waited longer go first.
            Wish::Enter => self.act(ctx, wish),
            Wish::Exit | Wish::Nothing => {
                self.assign_privilege(ctx);
                self.make_request(ctx);
            }
        }
    }
}

/// The neighbour of `me` on the way to `target`, in the tree where each node has so many children.
fn next_hop(children: u32, me: ProcessId, target: ProcessId) -> ProcessId {
    let parent = |node: u32| (node - 1) / children;
    let mut node = target.0;
    if node == me.0 {
        return me;
    }
    // Parents have lower ids: from the target upwards, either this process is met or it is not above the target.
    while node > me.0 {
        let above = parent(node);
        if above == me.0 {
            return ProcessId(node);
        }
        node = above;
    }
    ProcessId(parent(me.0))
}
