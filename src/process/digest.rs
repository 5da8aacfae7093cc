//! What several properties of a problem have to work out of a history: once for all of them.

use super::{History, Problem};
use std::{
    any::Any,
    cell::{OnceCell, RefCell},
    fmt,
};

/// Something worked out of a history that several properties look at: [`History::digest`] gives it.
pub trait Digest<Pr: Problem>: Default + Send + 'static {
    /// Works it out. What stood there before was that of another history: its memory is there to be used again.
    fn read(&mut self, history: &History<'_, Pr>);
}

/// How many different digests a problem may have, that of [`History::correct`] included.
const KINDS: usize = 6;

/// The digests of a history, and the memory of those of an earlier one.
#[derive(Default)]
pub(crate) struct Digests {
    ready: [OnceCell<Box<dyn Any + Send>>; KINDS],
    spare: RefCell<Vec<Box<dyn Any + Send>>>,
}

impl Digests {
    /// The digest of this type; `read` works it out where it is not there yet.
    pub(super) fn of<D: Default + Send + 'static>(&self, read: impl FnOnce(&mut D)) -> &D {
        for ready in self.ready.iter().map_while(OnceCell::get) {
            if let Some(digest) = ready.downcast_ref() {
                return digest;
            }
        }
        let mut digest = self.memory::<D>();
        if let Some(digest) = digest.downcast_mut() {
            read(digest);
        }
        // Reading may have asked for another digest: its place is found only now.
        let place = self.ready.iter().find(|ready| ready.get().is_none());
        let place = place.unwrap_or_else(|| panic!("a problem has at most {KINDS} digests"));
        let digest = place.get_or_init(|| digest).downcast_ref();
        digest.unwrap_or_else(|| unreachable!("it was put there just now"))
    }

    fn memory<D: Default + Send + 'static>(&self) -> Box<dyn Any + Send> {
        let mut spare = self.spare.borrow_mut();
        let known = spare.iter().position(|digest| digest.is::<D>());
        known.map_or_else(|| Box::new(D::default()) as Box<dyn Any + Send>, |place| spare.swap_remove(place))
    }

    /// None any more, in the memory of these.
    pub(crate) fn emptied(mut self) -> Self {
        let ready = self.ready.iter_mut().filter_map(OnceCell::take);
        self.spare.get_mut().extend(ready);
        self
    }
}

/// A copy works them out again.
impl Clone for Digests {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl fmt::Debug for Digests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digests")
    }
}

/// Which processes are correct: see [`History::correct`].
#[derive(Default)]
pub(super) struct Correct {
    standing: Vec<u8>,
    pub(super) correct: Vec<bool>,
}

impl Correct {
    const BOOTED: u8 = 1;
    const CRASHED: u8 = 2;
    const PAUSED: u8 = 4;
}

impl<Pr: Problem> Digest<Pr> for Correct {
    fn read(&mut self, history: &History<'_, Pr>) {
        use super::What::{Boot, Crash, Output, Pause, Receive, Request, Resume, Send, Timer};
        self.standing.clear();
        self.standing.resize(history.nodes as usize, 0);
        for step in &history.steps {
            let standing = &mut self.standing[step.node.index()];
            match step.what {
                Boot => *standing |= Self::BOOTED,
                Crash => *standing |= Self::CRASHED,
                Pause => *standing |= Self::PAUSED,
                Resume => *standing &= !Self::PAUSED,
                Request(_) | Output(_) | Send { .. } | Receive { .. } | Timer => {}
            }
        }
        self.correct.clear();
        self.correct.extend(self.standing.iter().map(|standing| *standing == Self::BOOTED));
    }
}
