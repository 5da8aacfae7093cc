//! What `synod live` needs to know: how messages travel, who may join as a guest.

use super::{
    Reader,
    findings::at,
    values::{Door, GroupAddress, Interface},
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What `synod live` needs.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    rename_all = "kebab-case",
    expecting = "a map such as {transport: udp, guests: {tcp: 12345}}"
)]
pub struct Live {
    /// What carries the messages; tcp when absent, and `--transport` wins.
    pub transport: Option<LiveTransport>,
    /// The group's name: nodes of other groups are not listened to. The scenario's name when absent.
    pub group: Option<String>,
    /// Where messages go with `transport: multicast`, and how nodes find each other with `--discover`.
    pub multicast: Option<Multicast>,
    /// Who may join with plain text.
    pub guests: Option<LiveGuests>,
    /// The port where JSON-RPC clients call.
    pub json_rpc: Option<Door>,
    /// Real files of nodes, by their names.
    #[schemars(with = "Option<BTreeMap<String, LiveFiles>>")]
    pub files: Option<BTreeMap<String, Option<LiveFiles>>>,
}

/// The real files of a node; relative paths begin where `synod live` is started.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    rename_all = "kebab-case",
    expecting = "a map such as {tail: orders.txt, append: done.txt}"
)]
pub struct LiveFiles {
    /// A file whose lines become requests, also those that are appended later.
    pub tail: Option<String>,
    /// A file that gets what comes out, a line each.
    pub append: Option<String>,
}

/// What carries the messages.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LiveTransport {
    /// A connection between each two nodes that talk.
    Tcp,
    /// A datagram for each message.
    Udp,
    /// A datagram to a group that all nodes are in.
    Multicast,
}

/// An IP multicast group and how to reach it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    rename_all = "kebab-case",
    expecting = "a map such as {group: \"224.3.29.71:10000\", ttl: 1}"
)]
pub struct Multicast {
    /// The group's address and port; 239.255.83.89:7383 when absent.
    pub group: Option<GroupAddress>,
    /// How many routers a datagram may pass; 1 when absent, which stays on the LAN.
    pub ttl: Option<u8>,
    /// The address of the interface to use; the system chooses when absent.
    pub interface: Option<Interface>,
}

/// Who may join with plain text.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    rename_all = "kebab-case",
    expecting = "a map such as {tcp: 12345, style: absolute}"
)]
pub struct LiveGuests {
    /// A port for guests beside the node's own: a port of the address where the node listens, or host and port.
    pub tcp: Option<Door>,
    /// A port where clients ask with a datagram and the operator answers.
    pub udp: Option<Door>,
    /// Multicast groups whose texts are shown, and that get what is typed.
    #[schemars(with = "Option<Vec<GroupAddress>>")]
    pub multicast: Option<Vec<Option<GroupAddress>>>,
    /// Whether guests are asked who they are.
    pub alias: Option<GuestAlias>,
    /// What guests hear of what is said.
    pub style: Option<GuestStyle>,
    /// The request that carries what guests say, such as `broadcast`; the problem's own when absent.
    pub request: Option<String>,
}

/// Whether guests are asked who they are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GuestAlias {
    /// They are asked with `alias?`.
    Ask,
    /// They are known by their address.
    None,
}

/// What guests hear of what is said.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GuestStyle {
    /// `1: text`, with the number of the delivery, to all.
    Absolute,
    /// The text itself, to all.
    Consistent,
    /// The text itself, to all but who said it.
    Causal,
    /// Each text is answered with `Hello from server`, and the connection is closed.
    Hello,
}

impl Reader<'_> {
    /// The request that carries what guests say has to be one that takes a text; files are those of nodes.
    pub(super) fn live(&mut self, live: Option<&Live>) {
        for name in live.and_then(|live| live.files.as_ref()).into_iter().flat_map(BTreeMap::keys) {
            self.node(name, at("live").key("files").key(name));
        }
        let guests = live.and_then(|live| live.guests.as_ref());
        let Some(word) = guests.and_then(|guests| guests.request.as_ref()) else { return };
        let request = Value::Object(Map::from_iter([(word.clone(), Value::from("hello"))]));
        if let Some(Err(misfit)) = self.ask(|facts| facts.check_request(&request)) {
            let path = at("live").key("guests").key("request");
            let finding = self.findings.value(path, format!("`{word}` is no request that says a text"));
            finding.help(format!("of {{{word}: hello}} the algorithm says: {}", misfit.message));
        }
    }
}
