//! What a node does when it is told to.

use super::{Node, crash};
use crate::{
    live::{
        control::{Command, Fault, Matter, Report, Status},
        guests::GuestEvent,
        json_rpc::{Calls, Numbering, Service},
        wall_clock,
    },
    process::ProcessId,
};
use serde_json::{Value, json};
use std::{
    path::Path,
    time::{Duration, Instant},
};

impl Node {
    pub(super) fn report(&self, report: Report) {
        // Whoever listens to reports may have gone; the node does its work all the same.
        let _gone = self.reports.send(report);
    }

    pub(super) fn show(&self, line: impl Into<String>) {
        self.report(Report::Shown(line.into()));
    }

    fn complain(&self, sentence: impl Into<String>) {
        self.report(Report::Refused(sentence.into()));
    }

    /// Finds a node by name, or says that there is none.
    fn find(&self, name: &str) -> Option<ProcessId> {
        let found = self.names.find(name);
        if found.is_none() {
            self.complain(format!("`{name}` is nobody of this group"));
        }
        found
    }

    pub(super) fn obey(&mut self, command: Command) {
        match command {
            Command::Peer { node, address } => {
                if let Some(id) = self.find(&node) {
                    self.transport.introduce(id, address);
                }
            }
            Command::Held(line) => {
                if let Err(refusal) = self.hear_again(&line) {
                    self.complain(format!("from the director: refused: {refusal}"));
                }
            }
            Command::Ask(request) => self.ask(&request),
            Command::Say(text) => self.say(&text),
            Command::Send { to, text } => match self.voice.send(&to, &text) {
                Some(request) => self.ask(&request),
                None => self.complain("this problem has no messages to one node; /request says what it has"),
            },
            Command::Show(matter) => self.show_matter(matter),
            Command::Fault(fault) => self.fault(&fault),
            Command::Status(round) => {
                // What stands in a file is still to be done.
                self.follow();
                self.report(Report::Status(Status {
                    round,
                    idle: self.core.is_idle() && self.transport.backlog() == 0,
                    sent: self.summary.sent,
                    received: self.summary.received,
                }));
            }
            Command::Begin { .. } | Command::Quit => {}
        }
    }

    /// Somebody asks the process for something.
    fn ask(&mut self, request: &Value) {
        let now = self.clock.now();
        self.advance(now);
        self.core.arrive_at(now);
        if let Err(error) = self.core.request(request.to_string().as_bytes()) {
            self.complain(format!("no such request: {error}"));
        }
    }

    /// Asks the process for what clients call; false when there is nothing.
    pub(super) fn serve_calls(&mut self) -> bool {
        let mut served = false;
        while let Some(request) = self.calls.as_ref().and_then(Calls::request) {
            let now = self.clock.now();
            self.advance(now);
            self.core.arrive_at(now);
            let asked = self.core.request(request.to_string().as_bytes());
            self.count_requests();
            let asked = asked.map(|()| self.asked).map_err(|error| error.to_string());
            if let Some(calls) = &mut self.calls {
                calls.on_asked(asked);
            }
            served = true;
        }
        served
    }

    /// Counts the requests among the lines that are not written yet.
    pub(super) fn count_requests(&mut self) {
        let Some(calls) = &self.calls else { return };
        let numbering = calls.service().numbering();
        let lines = self.core.lines();
        self.asked += count_requests(&lines[self.counted..], numbering);
        self.counted = lines.len();
    }

    /// The operator typed a text.
    fn say(&mut self, text: &str) {
        if let Some((client, from_here)) = self.visitors.answer(text) {
            match from_here {
                Some(address) if !self.transport.answer(address, text) => {
                    self.complain(format!("the answer to {client} could not be sent"));
                }
                Some(_) | None => self.show(format!("answered {client}")),
            }
            return;
        }
        let told = self.visitors.say(text);
        match self.voice.say(text, &self.others()) {
            Some(request) => self.ask(&request),
            None if told => {}
            None => self.complain("this problem has no use for texts; /request says what it has"),
        }
    }

    /// The names of the other nodes.
    pub(super) fn others(&self) -> Vec<String> {
        let others = self.names.ids().filter(|id| *id != self.me);
        others.map(|id| self.names.name(id).into_owned()).collect()
    }

    /// A guest did something.
    pub(super) fn attend(&mut self, event: GuestEvent) {
        let (line, said) = match event {
            GuestEvent::Joined { name, notice, .. } => (format!("guest {name} is here"), notice),
            GuestEvent::Said { name, text, .. } => (format!("guest {name}: {text}"), Some(text)),
            GuestEvent::Left { name, why, notice, .. } => (format!("guest {name} has gone: {why}"), notice),
            GuestEvent::Heard { line, .. } => (line, None),
        };
        self.show(line);
        let request = said.and_then(|said| self.voice.say(&said, &self.others()));
        if let Some(request) = request {
            self.ask(&request);
        }
    }

    fn show_matter(&self, matter: Matter) {
        match matter {
            Matter::Who => {
                for id in self.names.ids() {
                    let name = self.names.name(id);
                    let place = match self.transport.peer(id) {
                        _ if id == self.me => format!("{} (this node)", self.transport.address()),
                        Some(address) => address.to_string(),
                        None => "not met yet".into(),
                    };
                    let cut = if self.faults.is_cut(id) { ", cut off" } else { "" };
                    self.show(format!("{name}  {place}{cut}"));
                }
                for guest in self.visitors.names() {
                    self.show(format!("{guest}  guest"));
                }
            }
            Matter::Clock => {
                let run = Duration::from_nanos(self.clock.now().0);
                let lamport = self.core.lines.lamport();
                let wall = Duration::from_nanos(wall_clock());
                self.show(format!("run {run:.3?}, Lamport {lamport}, wall {} s", wall.as_secs()));
            }
            Matter::Stats => {
                let summary = serde_json::to_string(&self.summary).unwrap_or_default();
                self.show(summary);
            }
            Matter::Trace => self.show(format!("the journal is {}", self.journal_path.display())),
        }
    }

    /// Something goes wrong from now on, and the journal says so. The line is nobody's event: a replay passes it over, since
    /// what it led to is written down as well.
    fn fault(&mut self, fault: &Fault) {
        self.note(self.core.now, &json!({"prompt": fault, "by": self.summary.node}));
        match fault {
            Fault::Crash => crash(),
            Fault::Pause(milliseconds) => {
                self.faults.pause(Instant::now() + Duration::from_millis(*milliseconds));
            }
            Fault::Delay { to, milliseconds } => {
                if let Some(id) = self.find(to) {
                    self.faults.delay(id, Duration::from_millis(*milliseconds));
                }
            }
            Fault::Drop(name) => {
                if let Some(id) = self.find(name) {
                    self.faults.cut(id);
                }
            }
            Fault::Partition(names) => {
                let side: Vec<ProcessId> = names.iter().filter_map(|name| self.find(name)).collect();
                if side.len() < names.len() {
                    return;
                }
                let here = side.contains(&self.me);
                let apart = self.names.ids().filter(|id| *id != self.me && side.contains(id) != here);
                apart.collect::<Vec<_>>().into_iter().for_each(|id| self.faults.cut(id));
            }
            Fault::Heal => self.faults.heal(),
        }
    }
}

/// How many requests of earlier lives, which this journal has, the process goes on counting from.
pub(super) fn requests_in(journal: &Path, service: &Service) -> u64 {
    match service.numbering() {
        Numbering::All => std::fs::read(journal).map_or(0, |lines| count_requests(&lines, Numbering::All)),
        Numbering::Life(_) => 0,
    }
}

/// How many of these lines are requests that the process has got and counts.
fn count_requests(lines: &[u8], numbering: Numbering) -> u64 {
    let lines = lines.split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"{\"i\":"));
    let is_asked = |line: &&[u8]| {
        let line: Value = serde_json::from_slice(line).unwrap_or_default();
        let counts = match numbering {
            Numbering::All => true,
            Numbering::Life(word) => line["body"].get(word).is_some(),
        };
        counts && line["e"] == "request" && line.get("why").is_none()
    };
    lines.filter(is_asked).count() as u64
}
