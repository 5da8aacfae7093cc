//! What recordings and links with a rate need to know of messages in flight.

use crate::process::ProcessId;

/// Of the message at a place. Receivers are told apart by the sequence numbers of their deliveries, which follow each
/// other without a gap from `first_sequence` on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Label {
    pub(super) first_sequence: u64,
    /// The number of the message with the first sequence number.
    pub(super) first_message: u64,
    /// The event of its sending.
    pub(super) first_event: u64,
    /// Its place among the recorded messages.
    pub(super) value: u32,
    /// Bytes.
    pub(super) size: u32,
    pub(super) from: ProcessId,
}

/// Of a message that needs none.
const BLANK: Label =
    Label { first_sequence: 0, first_message: 0, first_event: 0, value: 0, size: 0, from: ProcessId(0) };

/// The labels of messages by their places, as far as there are any.
#[derive(Clone, Debug, Default)]
pub(super) struct Labels(Vec<Label>);

impl Labels {
    /// Labels the message at a place.
    #[inline]
    pub(super) fn put(&mut self, slot: u32, label: Label) {
        if let Some(place) = self.0.get_mut(slot as usize) {
            *place = label;
        } else {
            self.0.resize(slot as usize, BLANK);
            self.0.push(label);
        }
    }

    /// The label of a message that has one.
    #[inline]
    pub(super) fn of(&self, slot: u32) -> Label {
        self.0.get(slot as usize).copied().unwrap_or(BLANK)
    }

    /// The number of a labelled message, by the sequence number of one of its deliveries.
    #[inline]
    pub(super) fn message(&self, slot: u32, sequence: u64) -> u64 {
        let label = &self.0[slot as usize];
        label.first_message + (sequence - label.first_sequence)
    }

    /// The sender of a labelled message.
    #[inline]
    pub(super) fn sender(&self, slot: u32) -> ProcessId {
        self.0[slot as usize].from
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}
