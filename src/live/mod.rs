//! Nodes on a real network: the same machines as everywhere, with sockets, clocks and files of this computer.

pub mod doctor;
pub mod guests;
pub mod seal;
pub mod storage;
