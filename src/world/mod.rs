//! Everything outside the processes: topology, network, faults, clocks.

mod setup;

pub use setup::{
    Action, ClockChange, Distribution, EVENT_LIMIT, Heal, LinkPatch, LinkPattern, LinkSettings, NodeSetup,
    Planned, Probability, Quantity, Setup, Shape, Targets,
};
