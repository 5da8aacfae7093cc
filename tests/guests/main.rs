//! People and their programs at live nodes: guests, the prompt, closed groups, multicast; with real processes and sockets.

mod calls;
mod closed;
#[cfg(unix)]
mod ends;
mod files;
mod node;
mod prompt;
mod rooms;
mod strangers;
