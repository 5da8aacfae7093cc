//! Whether a sender gets its own messages back.

use serde::{Deserialize, Serialize};

/// The configuration of broadcast algorithms that have nothing else to configure.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OwnCopy {
    /// Whether a sender delivers its own messages, as the literature has it; without, they are for the others only.
    pub echo: bool,
}

impl Default for OwnCopy {
    fn default() -> Self {
        Self { echo: true }
    }
}
