//! What recordings and links with a rate need to know of messages in flight.

/// Of the message at a place. Receivers are told apart by the sequence numbers of their deliveries, which follow each
/// other without a gap from `first_sequence` on.
#[derive(Clone, Copy, Debug, Default)]
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
}

/// The labels of messages by their places, as far as there are any.
#[derive(Clone, Debug, Default)]
pub(super) struct Labels(Vec<Label>);

impl Labels {
    /// Labels the message at a place.
    pub(super) fn put(&mut self, slot: u32, label: Label) {
        if self.0.len() <= slot as usize {
            self.0.resize(slot as usize + 1, Label::default());
        }
        self.0[slot as usize] = label;
    }

    /// The label of a message that has one.
    pub(super) fn of(&self, slot: u32) -> Label {
        self.0.get(slot as usize).copied().unwrap_or_default()
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}
