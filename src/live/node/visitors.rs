//! The guests of a node: the room where they meet, the desks for datagrams, and what is said between them and the process.

use super::settings::{NodeError, Settings};
use crate::live::guests::{self, Desk, GuestEvent, Hall, MulticastDesk, Style, UdpDesk};
use crate::live::{Heard, Voice, heard, notice};
use serde_json::Value;
use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};
use tokio::{net::TcpStream, sync::mpsc};

/// How much of what guests do may wait to be handled; then they wait.
const EVENTS: usize = 1024;

/// All guests of a node.
pub(super) struct Visitors {
    hall: Hall,
    /// Those who sent a datagram to the node's own port.
    own: Desk,
    desk: Option<UdpDesk>,
    groups: Vec<MulticastDesk>,
    /// Typed texts that are still to be sent.
    answers: Vec<String>,
    said: Vec<String>,
    /// Under which name the node speaks: its own, or the one under which it was let into a room.
    alias: String,
}

impl Visitors {
    /// Opens the doors. What guests do goes to the receiver that is given back.
    pub(super) async fn open(
        settings: &Settings,
        node: &str,
        listen: SocketAddr,
    ) -> Result<(Self, mpsc::Receiver<GuestEvent>), NodeError> {
        let visit = &settings.visit;
        let (sender, receiver) = mpsc::channel(EVENTS);
        let mute = settings.voice == Voice::None && visit.style != Style::Hello;
        let refuse = match (&settings.key, mute) {
            (Some(_), _) => Some("this group is closed: only its members are let in".into()),
            (None, true) => Some(format!("nodes of this group ({}) have no use for texts", settings.group)),
            (None, false) => None,
        };
        let room = guests::Settings {
            style: visit.style,
            alias: visit.alias,
            refuse,
            ..guests::Settings::default()
        };
        let failed = |address| move |error: io::Error| NodeError::Guests { address, error };
        let hall = match visit.tcp {
            Some(address) => Hall::open(address, room, sender.clone()).await.map_err(failed(address))?,
            None => Hall::without_door(room, sender.clone()),
        };
        let desk = match visit.udp {
            Some(address) => Some(UdpDesk::open(address, sender.clone()).await.map_err(failed(address))?),
            None => None,
        };
        let interface = match (settings.multicast.interface, listen) {
            (Some(interface), _) => interface,
            (None, SocketAddr::V4(listen)) => *listen.ip(),
            (None, SocketAddr::V6(_)) => Ipv4Addr::UNSPECIFIED,
        };
        let mut groups = Vec::new();
        for group in &visit.multicast {
            let joined = MulticastDesk::join(*group, interface, settings.multicast.ttl, sender.clone()).await;
            groups.push(joined.map_err(failed(SocketAddr::V4(*group)))?);
        }
        let (answers, said, alias) = (Vec::new(), Vec::new(), node.to_owned());
        Ok((Self { hall, own: Desk::default(), desk, groups, answers, said, alias }, receiver))
    }

    /// Where guests can come, beside the node's own port.
    pub(super) fn doors(&self) -> Vec<String> {
        let tcp = self.hall.address().map(|address| format!("tcp {address}"));
        let udp = self.desk.as_ref().and_then(|desk| desk.address().ok()).map(|at| format!("udp {at}"));
        tcp.into_iter().chain(udp).collect()
    }

    /// A connection of a guest came to the node's own port.
    pub(super) fn admit(&self, stream: TcpStream, address: SocketAddr, read: Vec<u8>) {
        self.hall.admit(stream, address, read);
    }

    /// A datagram of a guest came to the node's own port: what to show of it.
    pub(super) fn on_datagram(&mut self, from: SocketAddr, datagram: &[u8]) -> Option<String> {
        self.own.on_datagram(from, datagram).map(|(_, line)| line)
    }

    /// The process told its application something: texts are for the guests, too.
    pub(super) fn hear(&mut self, output: &Value) {
        if let Some(alias) = output.get("welcome").and_then(|welcome| welcome.get("alias")?.as_str()) {
            alias.clone_into(&mut self.alias);
        }
        if let Some(Heard { from, number, body }) = heard(output) {
            self.hall.deliver(body, number, from == self.alias);
        }
        if let Some(notice) = notice(output) {
            self.hall.announce(&notice);
        }
    }

    /// Who are in.
    pub(super) fn names(&self) -> Vec<String> {
        self.hall.names()
    }

    /// A typed text that is the answer to a guest who waits for one: whom it goes to, when it goes from the node's own
    /// port. Nothing when nobody waits.
    pub(super) fn answer(&mut self, text: &str) -> Option<(String, Option<SocketAddr>)> {
        if let Some(client) = self.own.next().map(str::to_owned) {
            return Some((client, self.own.take()));
        }
        let client = self.desk.as_ref()?.next()?;
        self.answers.push(text.to_owned());
        Some((client, None))
    }

    /// A typed text goes to the groups; whether there are any.
    pub(super) fn say(&mut self, text: &str) -> bool {
        if !self.groups.is_empty() {
            self.said.push(text.to_owned());
        }
        !self.groups.is_empty()
    }

    /// Sends what was typed; what could not be sent, in sentences.
    pub(super) async fn flush(&mut self) -> Vec<String> {
        let mut failed = Vec::new();
        if let Some(desk) = &self.desk {
            for text in self.answers.drain(..) {
                let error = desk.reply(&text).await.err();
                failed.extend(error.map(|error| format!("the answer could not be sent: {error}")));
            }
        }
        for text in self.said.drain(..) {
            for group in &self.groups {
                let error = group.say(&text).await.err();
                failed.extend(error.map(|error| format!("the group could not be told: {error}")));
            }
        }
        failed
    }

    /// Lets everybody go.
    pub(super) async fn close(self) {
        self.hall.close(None).await;
    }
}
