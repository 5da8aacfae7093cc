//! Ctrl-C and its like: the first one says goodbye, the second one does not wait.

use crate::live::control::Command;
use std::{process, time::Duration};
use tokio::sync::mpsc;

/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(2);
/// The exit code of a program that was interrupted.
const INTERRUPTED: i32 = 130;

/// Has the node say goodbye when it is told to end. `before_exit` is called when there is no time for that.
pub(super) fn watch(commands: mpsc::Sender<Command>, before_exit: fn()) {
    tokio::spawn(async move {
        let Ok(mut stops) = Stops::new() else { return };
        stops.next().await;
        // It stops already if nobody listens.
        let _stopping = commands.try_send(Command::Quit);
        tokio::select! {
            () = tokio::time::sleep(GOODBYE) => leave(0, before_exit),
            () = stops.next() => leave(INTERRUPTED, before_exit),
        }
    });
}

fn leave(code: i32, before_exit: fn()) -> ! {
    before_exit();
    process::exit(code)
}

/// What tells a program to end.
#[cfg(unix)]
struct Stops {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Stops {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Stops;

#[cfg(not(unix))]
impl Stops {
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        let _heard = tokio::signal::ctrl_c().await;
    }
}
