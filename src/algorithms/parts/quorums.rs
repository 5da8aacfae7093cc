//! Quorums of about √N processes, any two of which have a process in common.
//!
//! Maekawa, "A √N algorithm for mutual exclusion in decentralized systems" (1985), section 3.

use crate::process::ProcessId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How the processes are put into quorums.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Quorums {
    /// A finite projective plane where there is one (3, 7, 13, 31 or 57 processes): N = K(K-1)+1; else the grid.
    #[default]
    Plane,
    /// The processes stand in a square, row by row: a quorum is a row and a column.
    Grid,
    /// Everybody's quorum, written out in order of the nodes; who has none has everybody.
    Listed(Vec<Vec<ProcessId>>),
}

/// Sets of numbers whose differences are all numbers below the first, each once (Singer 1938): shifted by everything
/// they are the lines of a projective plane.
const PLANES: [(u32, &[u32]); 5] = [
    (3, &[0, 1]),
    (7, &[0, 1, 3]),
    (13, &[0, 1, 3, 9]),
    (31, &[0, 1, 3, 8, 12, 18]),
    (57, &[0, 1, 3, 13, 32, 36, 43, 52]),
];

impl Quorums {
    /// The quorum of process `me` among `nodes`.
    pub fn of(&self, me: ProcessId, nodes: u32) -> BTreeSet<ProcessId> {
        match self {
            Self::Plane => plane(me.0, nodes).unwrap_or_else(|| grid(me.0, nodes)),
            Self::Grid => grid(me.0, nodes),
            Self::Listed(quorums) => {
                let listed = quorums.get(me.index()).cloned();
                let listed = listed.unwrap_or_else(|| (0..nodes).map(ProcessId).collect());
                listed.into_iter().filter(|process| process.0 < nodes).collect()
            }
        }
    }
}

fn plane(me: u32, nodes: u32) -> Option<BTreeSet<ProcessId>> {
    let (_, line) = PLANES.iter().find(|(size, _)| *size == nodes)?;
    Some(line.iter().map(|place| ProcessId((me + place) % nodes)).collect())
}

/// Where the last row is not full, two quorums still meet: of two processes one is in a full row, or both share one.
fn grid(me: u32, nodes: u32) -> BTreeSet<ProcessId> {
    let width = nodes.isqrt() + u32::from(nodes.isqrt().pow(2) < nodes);
    let width = width.max(1);
    let meets = |other: &u32| other / width == me / width || other % width == me % width;
    (0..nodes).filter(meets).map(ProcessId).collect()
}
