//! The worlds of a search, dealt out to as many threads as there are.
//!
//! What is found is what one thread finds that goes through the worlds in order. A worker searches a world as if it was
//! the only one; the one who leads puts the results together in order. Where the search would have ended in a world, as
//! enough was seen or the budget was used up together with the worlds before it, the leader searches this one again with
//! what is known of those.

use super::{
    Explored, Finish, Refusal, Search, Settings,
    worlds::{FaultSet, Worlds},
};
use crate::explore::Subject;
use std::{
    collections::BTreeMap,
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

/// A search that several threads share.
pub struct Exploration {
    settings: Settings,
    board: Mutex<Board>,
    /// Rings when a world was searched.
    bell: Condvar,
    over: AtomicBool,
}

/// Who does what.
struct Board {
    /// Those that nobody works on yet.
    worlds: Worlds,
    /// How many worlds were given to somebody.
    given: u64,
    /// What came of worlds, by number: nothing when there is no such world.
    results: BTreeMap<u64, Option<Result<Explored, Refusal>>>,
    /// How many workers there are, or will be.
    workers: usize,
}

impl Exploration {
    /// Of the scenario of `subject`, with so many calls of [`Exploration::work`] to come; without any, the one who leads
    /// does all the work.
    pub fn new(subject: &Subject<'_>, settings: &Settings, workers: usize) -> Self {
        let worlds = Worlds::new(subject.plan, &settings.vary, settings.faults);
        let board = Board { worlds, given: 0, results: BTreeMap::new(), workers };
        Self {
            settings: settings.clone(),
            board: Mutex::new(board),
            bell: Condvar::new(),
            over: AtomicBool::new(false),
        }
    }

    /// Searches worlds until there are no more. `enough` says of a world whether what was seen there suffices.
    pub fn work(&self, subject: &Subject<'_>, enough: &dyn Fn(&Explored) -> bool) {
        // Whatever becomes of this worker, nobody waits for it.
        let _leaving = Leaving(self);
        let Ok(mut search) = Search::new(subject, &self.settings) else { return };
        while !self.over.load(Ordering::Acquire) {
            let Some((number, set)) = self.board().next() else { return };
            let result = set.world(subject).map(|world| {
                search.begin();
                let faults = self.settings.faults - world.faults;
                let enough = &mut |seen: &Explored| self.over.load(Ordering::Acquire) || enough(seen);
                search.go(&world.plan, faults, enough).map(|()| search.explored.clone())
            });
            self.board().results.insert(number, result);
            self.bell.notify_all();
        }
    }

    /// Puts together what the workers find. After each execution of its own, and each world of somebody else, `enough` is
    /// asked whether to stop; having seen more, it does not change its mind.
    ///
    /// # Errors
    /// When the reduction would not preserve a property, or the plan does not fit its algorithm.
    pub fn lead(
        &self,
        subject: &Subject<'_>,
        enough: &mut dyn FnMut(&Explored) -> bool,
    ) -> Result<Explored, Refusal> {
        let _end = Ending(self);
        let mut search = Search::new(subject, &self.settings)?;
        let mut worlds = Worlds::new(subject.plan, &self.settings.vary, self.settings.faults);
        let mut number = 0;
        while let Some(set) = worlds.next() {
            match self.result(number) {
                Some(None) => {}
                Some(Some(result)) => {
                    let found = result?;
                    let mut sum = search.explored.clone();
                    let complete = matches!(found.finish, Finish::All | Finish::Depth);
                    sum.add(found);
                    if !complete || sum.made() >= self.settings.executions || enough(&sum) {
                        self.search(&mut search, set, enough)?;
                    } else {
                        search.explored = sum;
                    }
                }
                None => self.search(&mut search, set, enough)?,
            }
            if matches!(search.explored.finish, Finish::Executions | Finish::Enough) {
                break;
            }
            number += 1;
        }
        Ok(search.explored)
    }

    /// Searches a world with what is known of those before it.
    fn search(
        &self,
        search: &mut Search<'_>,
        set: FaultSet,
        enough: &mut dyn FnMut(&Explored) -> bool,
    ) -> Result<(), Refusal> {
        let Some(world) = set.world(search.subject) else { return Ok(()) };
        search.go(&world.plan, self.settings.faults - world.faults, enough)
    }

    /// What came of a world, once somebody has searched it; nothing when nobody will, and the caller is to.
    fn result(&self, number: u64) -> Option<Option<Result<Explored, Refusal>>> {
        let mut board = self.board();
        loop {
            if let Some(result) = board.results.remove(&number) {
                return Some(result);
            }
            if board.workers == 0 {
                return None;
            }
            board = self.bell.wait(board).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Board {
    /// A world that nobody works on yet, and its number.
    fn next(&mut self) -> Option<(u64, FaultSet)> {
        let set = self.worlds.next()?;
        self.given += 1;
        Some((self.given - 1, set))
    }
}

/// A worker that goes.
struct Leaving<'a>(&'a Exploration);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.board().workers -= 1;
        self.0.bell.notify_all();
    }
}

/// The end of the search: nobody need go on.
struct Ending<'a>(&'a Exploration);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.over.store(true, Ordering::Release);
    }
}
