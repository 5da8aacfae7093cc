//! Multicast to groups of hosts: to each member by itself, or along a tree that is pruned where no member is.
//!
//! Deering, Cheriton, "Multicast routing in datagram internetworks and extended LANs" (1990); Deering,
//! "Host extensions for IP multicasting", RFC 1112 (1989). Membership is told when it changes, never asked for.
//!
//! ```text
//! unicast                              tree: a - b - c
//! c --join g--> everybody              c joins g: c --join g--> b --join g--> a   "there are members behind me"
//! a --data--> c                        a --data, ttl 1--> b --data, ttl 0--> c
//! ```

use crate::{
    problems::host_groups::{HostGroups, Output, Request},
    process::{Context, Description, Never, Process, ProcessId},
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// One participant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct GroupMulticast {
    config: Config,
    joined: BTreeSet<String>,
    /// How many messages this process was asked to send.
    sent: u64,
    /// Unicast: who is a member. Tree: behind which neighbours there are members. By group, with the number of what was
    /// told last.
    members: BTreeMap<String, BTreeMap<ProcessId, Told>>,
    /// Tree: what each neighbour was told last.
    told: BTreeMap<(String, ProcessId), Told>,
    /// Unicast: how often this process has told of a group.
    changes: BTreeMap<String, u64>,
}

/// What somebody was told of a group.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
struct Told {
    /// Which announcement it was, counted from 1.
    version: u64,
    /// Whether there are members.
    member: bool,
}

/// The scenario's `algorithm.config`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Config {
    /// How messages find their way.
    pub mode: Mode,
    /// Over how many links a message may go, unless its sender says otherwise.
    pub ttl: u32,
    /// Whether a member gets what it sends itself.
    pub loopback: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { mode: Mode::default(), ttl: 64, loopback: true }
    }
}

/// How messages find their way.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Everybody knows all members; a sender sends to each of them.
    #[default]
    Unicast,
    /// Links form a tree; everybody knows behind which of them there are members, and sends over these.
    Tree,
}

/// What participants send each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// The sender is a member (unicast), or there are members behind it (tree).
    Join {
        /// Of which group.
        group: String,
        /// Which of the sender's announcements about the group it is: what is older than another does not count.
        version: u64,
    },
    /// That is so no longer.
    Leave {
        /// Of which group.
        group: String,
        /// Which of the sender's announcements about the group it is.
        version: u64,
    },
    /// Something that was sent to a group.
    Data {
        /// The group.
        group: String,
        /// Who sent it first.
        from: ProcessId,
        /// Which of that process's messages it is, counted from 1.
        id: u64,
        /// Over how many more links it may go.
        ttl: u32,
        /// Over how many links it has come, this one included.
        hops: u32,
        /// What is said.
        body: String,
    },
}

/// A message to a group, on its way.
struct Data {
    group: String,
    from: ProcessId,
    id: u64,
    ttl: u32,
    hops: u32,
    body: String,
}

impl Process for GroupMulticast {
    type Problem = HostGroups;
    type Config = Config;
    type Message = Message;
    type Timer = Never;
    type Stable = ();

    const DESCRIPTION: Description = Description {
        name: "group-multicast",
        summary: "Members of a group get what anybody sends to it, each by a message of its own or along a pruned tree.",
        assumes: &[
            "perfect links: nothing is lost or duplicated; order does not matter. In tree mode they form a tree",
            "nobody crashes, and nobody joins while a message is sent",
            "messages may go over as many links as they need",
        ],
        promises: &["members-only", "integrity", "at-most-once", "scope", "delivery"],
        messages: &[
            (
                "join",
                "to everybody: the sender is a member (unicast); to a neighbour: there are members behind me (tree)",
            ),
            ("leave", "that is so no longer"),
            ("data", "something that was sent to a group"),
        ],
        cost: "unicast: a message to each member but the sender, N-1 to join or leave; tree: one over each link of the pruned tree, at most N-1 to join or leave",
        breaks: &[
            "somebody joins while a message is sent: whether he gets it is left to chance (delivery)",
            "a time to live that is too short: members far away get nothing (delivery)",
            "links that form a circle, in tree mode: messages come twice or go round (at-most-once)",
        ],
        source: "Deering, Cheriton, Multicast routing in datagram internetworks and extended LANs (1990); RFC 1112 (1989), section 7.1",
    };

    fn boot(_ctx: &mut Context<'_, Self>, config: &Config, (): ()) -> Self {
        Self {
            config: config.clone(),
            joined: BTreeSet::new(),
            sent: 0,
            members: BTreeMap::new(),
            told: BTreeMap::new(),
            changes: BTreeMap::new(),
        }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Join(group) => self.on_join_request(ctx, group),
            Request::Leave(group) => self.on_leave_request(ctx, group),
            Request::Multicast { group, body, ttl } => self.on_multicast(ctx, group, body, ttl),
        }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, message: Message) {
        match message {
            Message::Join { group, version } => {
                self.on_membership(ctx, from, group, Told { version, member: true })
            }
            Message::Leave { group, version } => {
                self.on_membership(ctx, from, group, Told { version, member: false })
            }
            Message::Data { group, from: origin, id, ttl, hops, body } => {
                self.on_data(ctx, from, Data { group, from: origin, id, ttl, hops, body })
            }
        }
    }

    fn on_timer(&mut self, _ctx: &mut Context<'_, Self>, timer: Never) {
        match timer {}
    }
}

impl GroupMulticast {
    /// JoinHostGroup (RFC 1112, section 7.1); to join twice is to join once.
    fn on_join_request(&mut self, ctx: &mut Context<'_, Self>, group: String) {
        if self.joined.insert(group.clone()) {
            ctx.produce(Output::Joined(group.clone()));
            self.announce(ctx, &group);
        }
    }

    /// LeaveHostGroup (section 7.1).
    fn on_leave_request(&mut self, ctx: &mut Context<'_, Self>, group: String) {
        if self.joined.remove(&group) {
            ctx.produce(Output::Left(group.clone()));
            self.announce(ctx, &group);
        }
    }

    /// Somebody has told of a group; what is older than what is known does not count.
    fn on_membership(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, group: String, told: Told) {
        let known = self.members.entry(group.clone()).or_default().entry(from).or_default();
        if told.version > known.version {
            *known = told;
            if self.config.mode == Mode::Tree {
                self.announce(ctx, &group);
            }
        }
    }

    /// Tells of a change: everybody, or those neighbours for whom something is different now.
    fn announce(&mut self, ctx: &mut Context<'_, Self>, group: &str) {
        match self.config.mode {
            Mode::Unicast => {
                let version = self.changes.entry(group.to_owned()).or_default();
                *version += 1;
                ctx.broadcast(announcement(
                    group,
                    Told { version: *version, member: self.joined.contains(group) },
                ));
            }
            Mode::Tree => {
                for neighbour in ctx.neighbours().iter() {
                    let behind = self.with_members(group, neighbour).next().is_some();
                    let member = behind || self.joined.contains(group);
                    let told = self.told.entry((group.to_owned(), neighbour)).or_default();
                    if told.member != member {
                        *told = Told { version: told.version + 1, member };
                        ctx.send(neighbour, announcement(group, *told));
                    }
                }
            }
        }
    }

    /// Whoever must get what is sent to a group, except for one.
    fn with_members<'a>(
        &'a self,
        group: &str,
        except: ProcessId,
    ) -> impl Iterator<Item = ProcessId> + use<'a> {
        let known = self.members.get(group).into_iter().flatten();
        known.filter(move |(process, told)| told.member && **process != except).map(|(process, _)| *process)
    }

    /// SendToGroup: the sender need not be a member.
    fn on_multicast(&mut self, ctx: &mut Context<'_, Self>, group: String, body: String, ttl: Option<u32>) {
        self.sent += 1;
        let (from, ttl) = (ctx.me(), ttl.unwrap_or(self.config.ttl));
        let data = Data { group, from, id: self.sent, ttl, hops: 0, body };
        self.forward(ctx, from, &data);
        if self.config.loopback {
            self.deliver(ctx, data);
        }
    }

    /// A message is passed on over all links with members behind them but the one it came over.
    fn on_data(&mut self, ctx: &mut Context<'_, Self>, from: ProcessId, data: Data) {
        if self.config.mode == Mode::Tree {
            self.forward(ctx, from, &data);
        }
        self.deliver(ctx, data);
    }

    /// The time to live counts links: what has used it up goes no further.
    fn forward(&self, ctx: &mut Context<'_, Self>, except: ProcessId, data: &Data) {
        let Some(ttl) = data.ttl.checked_sub(1) else { return };
        let Data { ref group, from, id, ref body, .. } = *data;
        let hops = data.hops.saturating_add(1);
        let message = Message::Data { group: group.clone(), from, id, ttl, hops, body: body.clone() };
        ctx.multicast(self.with_members(group, except), message);
    }

    fn deliver(&self, ctx: &mut Context<'_, Self>, data: Data) {
        if self.joined.contains(&data.group) {
            let Data { group, from, id, hops, body, .. } = data;
            ctx.produce(Output::Receive { group, from, id, body, hops });
        }
    }
}

fn announcement(group: &str, told: Told) -> Message {
    let (group, version) = (group.to_owned(), told.version);
    if told.member { Message::Join { group, version } } else { Message::Leave { group, version } }
}
