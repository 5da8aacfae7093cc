//! How a node is to run, and why it cannot.

use crate::{
    live::{
        JournalError, Paths, Service, Voice,
        guests::{Alias, Style},
        seal::{GroupKey, SealError},
        storage::StorageError,
        transport::{Group, Kind},
    },
    process::{ProcessId, Time},
};
use std::{
    collections::BTreeMap,
    io,
    net::{SocketAddr, SocketAddrV4},
    path::PathBuf,
};

/// How one node of a scenario is to run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Which node.
    pub node: ProcessId,
    /// Where randomness comes from.
    pub seed: u64,
    /// The group's name: nodes of other groups are not listened to.
    pub group: String,
    /// Where it listens; port 0 takes any.
    pub listen: SocketAddr,
    /// Where the others are, as far as that is known.
    pub peers: BTreeMap<ProcessId, SocketAddr>,
    /// How the nodes talk.
    pub transport: Kind,
    /// Where its journal and its storage are.
    pub folder: PathBuf,
    /// How many of the run's seconds pass in a real one.
    pub speed: u32,
    /// Where messages go with [`Kind::Multicast`], and where nodes look for each other.
    pub multicast: Group,
    /// Whether nodes find each other by multicast.
    pub discover: bool,
    /// Whether somebody else says when the run begins.
    pub directed: bool,
    /// When it stops by itself.
    pub until: Option<Time>,
    /// What makes the group a closed one.
    pub key: Option<GroupKey>,
    /// How texts become requests.
    pub voice: Voice,
    /// Who may join with plain text.
    pub visit: Visit,
    /// Where JSON-RPC clients call, and what.
    pub json_rpc: Option<(SocketAddr, Service)>,
    /// Files whose lines become requests, and that get what comes out.
    pub files: Paths,
}

/// Who may join a node with plain text, beside those who come to its own port.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Visit {
    /// Whether guests are expected: who connects and says nothing is one then.
    pub expected: bool,
    /// A port for guests alone.
    pub tcp: Option<SocketAddr>,
    /// A port where clients ask and the operator answers.
    pub udp: Option<SocketAddr>,
    /// Groups whose texts are shown, and that get what is typed.
    pub multicast: Vec<SocketAddrV4>,
    /// Whether guests are asked who they are.
    pub alias: Alias,
    /// What guests hear of what is said.
    pub style: Style,
}

/// Why a node cannot run.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// Its sockets cannot be opened.
    #[error("{address}: {error}; --listen takes another address")]
    Listen {
        /// Where it was to listen.
        address: SocketAddr,
        /// Why it cannot.
        error: io::Error,
    },
    /// A port for guests cannot be opened.
    #[error("guests on {address}: {error}; `live.guests` names another port")]
    Guests {
        /// Where they were to come.
        address: SocketAddr,
        /// Why they cannot.
        error: io::Error,
    },
    /// The port for JSON-RPC cannot be opened.
    #[error("JSON-RPC on {address}: {error}; `live.json-rpc` names another port")]
    JsonRpc {
        /// Where clients were to call.
        address: SocketAddr,
        /// Why they cannot.
        error: io::Error,
    },
    /// A file of `live.files` cannot be used.
    #[error("{path}: {error}; `live.files` names another file")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Nothing can be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// Its journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Its storage cannot be used.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// What it saved cannot be written.
    #[error("what the node saves cannot be written: {0}")]
    Save(io::Error),
    /// What it saved is nothing that the algorithm saves.
    #[error("{path}: what was saved cannot be read by this algorithm: {error}; move it away to begin anew")]
    Stable {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        error: serde_json::Error,
    },
    /// The folder for journal and storage cannot be made.
    #[error("{folder}: {error}; --dir takes another folder")]
    Folder {
        /// Which.
        folder: PathBuf,
        /// Why.
        error: io::Error,
    },
}
