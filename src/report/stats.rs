//! What a run cost: messages by kind and by node, what became of them, and how long they took.

use super::{Messages, Timeline, plain, table::table};
use crate::process::{Names, ProcessId, Time};
use crate::trace::{EventKind, Trace};
use indexmap::IndexMap;
use serde::{Serialize, Serializer};
use serde_json::Value;
use std::{collections::BTreeMap, fmt, time::Duration};

/// The numbers of one run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Stats {
    /// How many events there are.
    pub events: u64,
    /// From the beginning to the last event; nanoseconds when written.
    #[serde(serialize_with = "nanoseconds")]
    pub duration: Duration,
    /// All messages together.
    pub messages: KindStats,
    /// Messages by kind, in the order of their first appearance.
    pub kinds: IndexMap<String, KindStats>,
    /// Dropped messages by reason.
    pub drops: BTreeMap<String, u64>,
    /// By node, in the order of the scenario; only nodes where something happened.
    pub nodes: IndexMap<String, NodeStats>,
    /// What the application asked for, by name; requests that a node was down for apart.
    pub requests: BTreeMap<String, u64>,
    /// What the application was told, by name.
    pub outputs: BTreeMap<String, u64>,
    /// When it happened.
    pub timeline: Timeline,
}

/// What became of the messages of one kind.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct KindStats {
    /// How many were sent.
    pub sent: u64,
    /// How many bytes those were together, as JSON: type and body.
    pub bytes: u64,
    /// How many arrived, copies included.
    pub received: u64,
    /// How many were dropped, copies included.
    pub dropped: u64,
    /// How many copies the network made.
    pub duplicated: u64,
    /// How many neither arrived nor were dropped before the trace ends.
    pub under_way: u64,
    /// From sending to arrival; absent when nothing arrived.
    pub delays: Option<Delays>,
}

/// How long messages took: the time within which so many in a hundred arrived. Nanoseconds when written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Delays {
    /// Half of them.
    #[serde(serialize_with = "nanoseconds")]
    pub p50: Duration,
    /// Nine in ten.
    #[serde(serialize_with = "nanoseconds")]
    pub p90: Duration,
    /// All but one in a hundred.
    #[serde(serialize_with = "nanoseconds")]
    pub p99: Duration,
    /// All of them.
    #[serde(serialize_with = "nanoseconds")]
    pub max: Duration,
}

/// What one node did.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct NodeStats {
    /// Messages it sent.
    pub sent: u64,
    /// Messages that reached it, copies included.
    pub received: u64,
    /// Messages to it that were dropped, copies included.
    pub dropped: u64,
    /// What the application asked of it.
    pub requests: u64,
    /// What it told the application.
    pub outputs: u64,
    /// Timers that ran out.
    pub timers: u64,
    /// How often it crashed.
    pub crashes: u64,
}

impl Stats {
    /// Counts `trace`.
    pub fn of(trace: &Trace) -> Self {
        let messages = Messages::of(trace);
        let mut tally = Tally::default();
        for event in &trace.events {
            tally.count(event, &messages);
        }
        for (_, sent) in messages.iter().filter(|(_, sent)| sent.received + sent.dropped == 0) {
            tally.kind(sent.event.message_kind.as_deref()).0.under_way += 1;
        }
        let end = trace
            .footer
            .as_ref()
            .map(|footer| footer.t)
            .max(trace.events.iter().map(|event| event.time).max());
        let duration = Duration::from_nanos(end.unwrap_or(0));
        tally.finish(trace.events.len() as u64, Timeline::of(trace, duration), duration, &trace.names)
    }
}

#[derive(Default)]
struct Tally {
    kinds: IndexMap<String, (KindStats, Vec<u64>)>,
    drops: BTreeMap<String, u64>,
    nodes: BTreeMap<ProcessId, NodeStats>,
    requests: BTreeMap<String, u64>,
    outputs: BTreeMap<String, u64>,
}

impl Tally {
    fn kind(&mut self, kind: Option<&str>) -> &mut (KindStats, Vec<u64>) {
        let kind = kind.unwrap_or("message");
        if !self.kinds.contains_key(kind) {
            self.kinds.insert(kind.to_owned(), Default::default());
        }
        &mut self.kinds[kind]
    }

    fn node(&mut self, node: Option<ProcessId>) -> &mut NodeStats {
        // What happens nowhere is counted at a node that `finish` does not show.
        self.nodes.entry(node.unwrap_or(ProcessId(u32::MAX))).or_default()
    }

    fn count(&mut self, event: &crate::trace::Event, messages: &Messages<'_>) {
        let kind = messages.kind(event);
        match event.kind {
            EventKind::Send => {
                let stats = &mut self.kind(kind).0;
                stats.sent += 1;
                stats.bytes += size(kind.unwrap_or_default(), event.body.as_ref());
                self.node(messages.sender(event)).sent += 1;
            }
            EventKind::Receive => {
                let (stats, delays) = self.kind(kind);
                stats.received += 1;
                delays.extend(messages.sent(event).map(|sent| event.time.saturating_sub(sent.event.time)));
                self.node(messages.receiver(event)).received += 1;
            }
            EventKind::Drop => {
                self.kind(kind).0.dropped += 1;
                self.node(messages.receiver(event).or(event.node)).dropped += 1;
                let why = event.why.as_deref().unwrap_or("no reason given");
                *self.drops.entry(why.to_owned()).or_insert(0) += 1;
            }
            EventKind::Duplicate => self.kind(kind).0.duplicated += 1,
            EventKind::Request => {
                self.node(event.node).requests += 1;
                if event.why.is_none() {
                    *self.requests.entry(variant_of(event)).or_insert(0) += 1;
                }
            }
            EventKind::Output => {
                self.node(event.node).outputs += 1;
                *self.outputs.entry(variant_of(event)).or_insert(0) += 1;
            }
            EventKind::Timer => self.node(event.node).timers += 1,
            EventKind::Crash => self.node(event.node).crashes += 1,
            EventKind::Boot
            | EventKind::TimerSet
            | EventKind::Save
            | EventKind::Restart
            | EventKind::Pause
            | EventKind::Resume
            | EventKind::Partition
            | EventKind::Heal
            | EventKind::Cut
            | EventKind::Link
            | EventKind::Clock
            | EventKind::Choice
            | EventKind::Note => {}
        }
    }

    fn finish(mut self, events: u64, timeline: Timeline, duration: Duration, names: &Names) -> Stats {
        let (mut messages, mut all_delays) = (KindStats::default(), Vec::new());
        let mut kinds = IndexMap::new();
        for (kind, (mut stats, mut delays)) in std::mem::take(&mut self.kinds) {
            messages.sent += stats.sent;
            messages.bytes += stats.bytes;
            messages.received += stats.received;
            messages.dropped += stats.dropped;
            messages.duplicated += stats.duplicated;
            messages.under_way += stats.under_way;
            all_delays.extend_from_slice(&delays);
            stats.delays = Delays::of(&mut delays);
            kinds.insert(kind, stats);
        }
        messages.delays = Delays::of(&mut all_delays);
        let known = self.nodes.into_iter().filter(|(node, _)| node.index() < names.len());
        let nodes = known.map(|(node, stats)| (names.name(node).into_owned(), stats)).collect();
        let Self { drops, requests, outputs, .. } = self;
        Stats { events, duration, messages, kinds, drops, nodes, requests, outputs, timeline }
    }
}

/// The name of the enum variant that a request or an output is.
fn variant_of(event: &crate::trace::Event) -> String {
    let body = event.body.as_ref();
    let named =
        body.and_then(|body| body.as_str().or_else(|| body.as_object()?.keys().next().map(String::as_str)));
    named.unwrap_or_default().to_owned()
}

/// How many bytes `"token"` or `{"token":{"holder":1}}` has.
fn size(kind: &str, body: Option<&Value>) -> u64 {
    let name = kind.len() + 2;
    body.map_or(name, |body| name + body.to_string().len() + 3) as u64
}

impl Delays {
    /// By nearest rank: every number shown is one that was measured.
    fn of(delays: &mut [u64]) -> Option<Self> {
        delays.sort_unstable();
        let max = Duration::from_nanos(*delays.last()?);
        let rank = |percent: usize| Duration::from_nanos(delays[(delays.len() * percent).div_ceil(100) - 1]);
        Some(Self { p50: rank(50), p90: rank(90), p99: rank(99), max })
    }
}

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} events in {}", self.events, shown(self.duration))?;
        let head = [
            "messages",
            "sent",
            "bytes",
            "received",
            "dropped",
            "duplicated",
            "under way",
            "p50",
            "p90",
            "p99",
            "max",
        ];
        let total = (self.kinds.len() > 1).then(|| ("all".to_owned(), &self.messages));
        let kinds = self.kinds.iter().map(|(kind, stats)| (plain(kind), stats)).chain(total);
        let rows = kinds.map(|(name, stats)| {
            let counts =
                [stats.sent, stats.bytes, stats.received, stats.dropped, stats.duplicated, stats.under_way];
            let delays =
                stats.delays.map(|delays| [delays.p50, delays.p90, delays.p99, delays.max].map(shown));
            let counts = counts.iter().map(u64::to_string);
            [name]
                .into_iter()
                .chain(counts)
                .chain(delays.unwrap_or_else(|| [(); 4].map(|()| "-".into())))
                .collect()
        });
        table(&head, rows.collect(), f)?;
        let rows = self.drops.iter().map(|(why, count)| vec![plain(why), count.to_string()]);
        table(&["dropped for", "messages"], rows.collect(), f)?;
        let rows = self.nodes.iter().map(|(name, stats)| {
            let NodeStats { sent, received, dropped, requests, outputs, timers, crashes } = stats;
            let counts = [sent, received, dropped, requests, outputs, timers, crashes];
            [plain(name)].into_iter().chain(counts.map(u64::to_string)).collect()
        });
        let head = ["nodes", "sent", "received", "dropped", "requests", "outputs", "timers", "crashes"];
        table(&head, rows.collect(), f)
    }
}

fn shown(duration: Duration) -> String {
    Time::ZERO.after(duration).to_string()
}

pub(super) fn nanoseconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(Time::ZERO.after(*duration).0)
}
