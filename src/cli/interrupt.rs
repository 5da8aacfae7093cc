//! Ctrl-C during a search: the first one lets it end early, with a report; the second one stops the program at once.

use super::exit::Exit;
use std::{
    io::{Write, stderr},
    process,
    sync::atomic::{AtomicBool, Ordering},
};

static PRESSED: AtomicBool = AtomicBool::new(false);

/// From now on Ctrl-C is a wish, which [`pressed`] tells.
pub(super) fn watch() {
    let handler = || {
        if PRESSED.swap(true, Ordering::AcqRel) {
            process::exit(Exit::Interrupted as i32);
        }
        // Nothing can be said where stderr is closed.
        let _written = writeln!(stderr(), "ending what was begun; Ctrl-C again stops at once");
    };
    // Where that is not possible, Ctrl-C ends the program as it always does.
    let _set = ctrlc::set_handler(handler);
}

/// Whether somebody wants the search to end.
pub(super) fn pressed() -> bool {
    PRESSED.load(Ordering::Acquire)
}
