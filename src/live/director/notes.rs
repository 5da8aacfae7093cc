//! What the director writes down: what happens to nodes from outside, and to the network.

use super::{
    super::{JournalError, lines::Entry},
    Director,
};
use crate::{
    process::{ProcessId, Time},
    trace::{EventKind, Header, Live},
};
use std::path::{Path, PathBuf};

impl Director<'_, '_> {
    pub(super) fn note(&mut self, now: Time, node: ProcessId, kind: EventKind) {
        self.lines.aside(now, Entry::at(node, kind));
    }

    pub(super) fn note_network(&mut self, now: Time, planned: u32, restored: bool) {
        let setup = self.world.setup().clone();
        let (name, detail) = setup.names.scope(|| setup.agenda[planned as usize].action.change(restored));
        let kind = EventKind::parse(name).unwrap_or(EventKind::Heal);
        let detail = detail.to_string();
        let nowhere = Entry { node: None, ..Entry::at(ProcessId(0), kind) };
        self.lines.aside(now, Entry { body: Some(detail.as_bytes()), ..nowhere });
    }

    /// Writes what happened from outside; gives the file.
    pub(super) fn write_down(&mut self, folder: &Path, header: Header) -> Result<PathBuf, JournalError> {
        let path = folder.join(super::JOURNAL);
        let live = Live { node: None, epoch: self.epoch.to_string() };
        let failed = |error| JournalError::Io { path: path.clone(), error };
        let mut bytes = serde_json::to_vec(&Header { live: Some(live), ..header })
            .map_err(|error| failed(error.into()))?;
        bytes.push(b'\n');
        bytes.append(self.lines.out());
        std::fs::write(&path, bytes).map_err(failed)?;
        Ok(path)
    }
}
