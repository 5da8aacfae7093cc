//! Where workers wait for each other.

use std::{
    hint::spin_loop,
    sync::{
        Condvar, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// How often a worker looks again before it lies down to sleep: some microseconds.
const LOOKS: u32 = 2000;

/// Lets nobody through before all have come. Breaks when one of them never will.
#[derive(Debug)]
pub(super) struct Gate {
    workers: usize,
    state: Mutex<Waiting>,
    open: Condvar,
    /// How often it has opened, for those who look without asking.
    turns: AtomicU64,
}

#[derive(Debug, Default)]
struct Waiting {
    arrived: usize,
    /// How often it has opened.
    turn: u64,
    broken: bool,
}

impl Gate {
    pub(super) fn new(workers: usize) -> Self {
        Self {
            workers,
            state: Mutex::new(Waiting::default()),
            open: Condvar::new(),
            turns: AtomicU64::new(0),
        }
    }

    /// Waits for the others. Gives false when one of them fell.
    pub(super) fn wait(&self) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.arrived += 1;
        if state.arrived == self.workers {
            state.arrived = 0;
            state.turn += 1;
            self.turns.store(state.turn, Ordering::Release);
            self.open.notify_all();
            return !state.broken;
        }
        let turn = state.turn;
        drop(state);
        for _ in 0..LOOKS {
            if self.turns.load(Ordering::Acquire) != turn {
                break;
            }
            spin_loop();
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while state.turn == turn && !state.broken {
            state = self.open.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        !state.broken
    }

    /// Somebody will never come.
    pub(super) fn break_open(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).broken = true;
        self.open.notify_all();
    }
}
