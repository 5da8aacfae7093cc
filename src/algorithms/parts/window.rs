//! What sliding windows have in common: the settings, and which message a number on the wire can mean.
//!
//! A window of W messages may be under way at once; on the wire a message has its place modulo K. Stenning, "A data
//! transfer protocol" (1976).

use crate::process::duration;
use serde::{Deserialize, Serialize};
use std::{ops::Range, time::Duration};

/// The settings of a sliding window. Nothing forbids a window that is too large for its numbers: what comes of it is
/// worth seeing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// How many messages may be under way to one receiver; 0 is taken for 1.
    pub window: u32,
    /// How many sequence numbers there are: 0 to this, less 1; 0 is taken for 1.
    pub sequence_space: u32,
    /// How long a sender waits for an acknowledgement before it sends again; less than 1us is taken for 1us.
    #[serde(with = "duration")]
    pub timeout: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self { window: 4, sequence_space: 8, timeout: Duration::from_millis(100) }
    }
}

impl Config {
    /// How long a sender waits for an acknowledgement.
    pub fn timeout(&self) -> Duration {
        self.timeout.max(Duration::from_micros(1))
    }

    /// How many messages may be under way.
    pub fn window(&self) -> u64 {
        u64::from(self.window.max(1))
    }

    /// The number that the message at this place has on the wire.
    pub fn number(&self, place: u64) -> u32 {
        // A remainder of a division by 32 bits has 32 bits.
        (place % u64::from(self.sequence_space.max(1))) as u32
    }

    /// The first place among these whose message has this number on the wire.
    pub fn place(&self, number: u32, among: Range<u64>) -> Option<u64> {
        let space = u64::from(self.sequence_space.max(1));
        if u64::from(number) >= space {
            return None;
        }
        let ahead = (u64::from(number) + space - among.start % space) % space;
        let place = among.start.checked_add(ahead)?;
        among.contains(&place).then_some(place)
    }
}
