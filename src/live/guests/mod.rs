//! Guests: programs that know nothing of synod and take part with plain text, as `nc` and a six-line socket
//! program do.
//!
//! - [`Room`] and [`Splitter`] decide, and touch no socket: who is in, what is one text, who is told what.
//! - [`Hall`] is a room on TCP: the ordering clients, the chat with `alias?`, the server that says hello.
//! - [`UdpDesk`] and [`MulticastDesk`] take datagrams; [`Desk`] decides for them.
//!
//! All of them tell the node what happens as [`GuestEvent`]s over a channel that the node makes. The node has
//! its algorithm order what guests say, and hands what is delivered back with [`Hall::deliver`].

mod desk;
mod hall;
mod room;
mod text;
mod udp;

pub use desk::{Desk, multicast_line};
pub use hall::{Hall, Settings};
pub use room::{Alias, Departure, GuestEvent, GuestId, NAME_MAX, Reply, Room, Style};
pub use text::{LINE_QUIET, QUIET, Splitter, TEXT_MAX, TooLong, shown};
pub use udp::{MulticastDesk, UdpDesk};

#[cfg(test)]
mod tests;
