//! People and their programs at live nodes: guests, the prompt, closed groups, multicast; with real processes and sockets.

mod calls;
mod closed;
mod node;
mod prompt;
mod rooms;
mod strangers;
