//! What closes a group: lines and datagrams are sealed on their way out and opened on their way in.

use crate::live::{
    seal::{self, Seal},
    wire::Refusal,
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The group's seal, if the group is closed; shared by everything that writes and reads.
#[derive(Clone, Default)]
pub(in crate::live) struct Lock(Option<Arc<Mutex<Seal>>>);

/// Something that came in, opened.
pub(super) struct Opened {
    /// Who sealed it; nobody in an open group.
    pub(super) sender: Option<String>,
    /// What it says.
    pub(super) text: Vec<u8>,
}

impl Lock {
    /// For a group with this seal, or for an open one.
    pub(in crate::live) fn new(seal: Option<Seal>) -> Self {
        Self(seal.map(|seal| Arc::new(Mutex::new(seal))))
    }

    /// Whether the group is closed.
    pub(in crate::live) fn is_closed(&self) -> bool {
        self.0.is_some()
    }

    /// A seal is never left half changed: each change is one call.
    fn seal(&self) -> Option<MutexGuard<'_, Seal>> {
        self.0.as_ref().map(|seal| seal.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A line, without its end, as it travels; nothing when it is too long to be sealed.
    pub(super) fn line(&self, line: Vec<u8>) -> Option<Vec<u8>> {
        match self.seal() {
            None => Some(line),
            Some(mut seal) => seal.seal_line(&line).ok().map(String::into_bytes),
        }
    }

    /// A datagram as it travels; nothing when it is too long to be sealed.
    pub(super) fn datagram(&self, datagram: Vec<u8>) -> Option<Vec<u8>> {
        match self.seal() {
            None => Some(datagram),
            Some(mut seal) => seal.seal(&datagram).ok(),
        }
    }

    /// Opens what came; nothing when it is this node's own.
    pub(super) fn open(&self, came: &[u8]) -> Result<Option<Opened>, Refusal> {
        let Some(mut seal) = self.seal() else {
            return Ok(Some(Opened { sender: None, text: came.to_vec() }));
        };
        match seal.open(came) {
            Ok(opened) => Ok(Some(Opened { sender: Some(opened.sender), text: opened.text })),
            Err(seal::Refusal::Own) => Ok(None),
            Err(seal::Refusal::Malformed(_)) => Err(Refusal::Closed),
            Err(seal::Refusal::WrongKey { .. }) => Err(Refusal::WrongKey),
            Err(
                seal::Refusal::Replayed { .. }
                | seal::Refusal::TooLate { .. }
                | seal::Refusal::OldEpoch { .. },
            ) => Err(Refusal::Replayed),
            Err(seal::Refusal::Twin { sender }) => {
                Err(Refusal::Forged { claims: sender, is: "another node".into() })
            }
            Err(seal::Refusal::TooManySenders { sender }) => Err(Refusal::UnknownSender(sender)),
        }
    }
}
