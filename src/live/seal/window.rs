//! Which of a sender's messages were taken: a window that slides with the newest.

/// How many messages late one may come. Far more than the usual 64: a sender has one counter for all it says
/// to anybody, and a scenario may hold messages back for long. It costs 2 KiB for each sender.
pub const WINDOW: u64 = 16 * 1024;

const WORDS: usize = (WINDOW / 64) as usize;

/// Where a message falls.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// It was not taken before; now it is.
    Fresh,
    /// It was taken before.
    Seen,
    /// It is older than the window.
    TooLate,
}

/// The last [`WINDOW`] numbers up to the newest, a bit for each.
pub(super) struct Window {
    newest: u64,
    bits: Box<[u64; WORDS]>,
}

impl Window {
    /// Nothing was taken. Numbers begin with 1; 0 counts as taken.
    pub(super) fn new() -> Self {
        let mut window = Self { newest: 0, bits: Box::new([0; WORDS]) };
        window.mark(0);
        window
    }

    /// Takes a number if it is fresh.
    pub(super) fn take(&mut self, number: u64) -> Place {
        if number > self.newest {
            self.slide(number);
            self.mark(number);
            return Place::Fresh;
        }
        if self.newest - number >= WINDOW {
            return Place::TooLate;
        }
        if self.marked(number) {
            return Place::Seen;
        }
        self.mark(number);
        Place::Fresh
    }

    /// Makes this the newest number and forgets what falls out of the window.
    fn slide(&mut self, newest: u64) {
        if newest - self.newest >= WINDOW {
            self.bits.fill(0);
        } else {
            for number in self.newest + 1..=newest {
                let (word, bit) = place(number);
                self.bits[word] &= !bit;
            }
        }
        self.newest = newest;
    }

    fn mark(&mut self, number: u64) {
        let (word, bit) = place(number);
        self.bits[word] |= bit;
    }

    fn marked(&self, number: u64) -> bool {
        let (word, bit) = place(number);
        self.bits[word] & bit != 0
    }
}

fn place(number: u64) -> (usize, u64) {
    let within = number % WINDOW;
    let word = usize::try_from(within / 64).expect("a window has few words");
    (word, 1 << (within % 64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_number_is_taken_once_in_any_order() {
        let mut window = Window::new();
        for number in [3, 1, 2, WINDOW, 5, 4] {
            assert_eq!(window.take(number), Place::Fresh, "{number}");
        }
        for number in [1, 2, 3, 4, 5, WINDOW] {
            assert_eq!(window.take(number), Place::Seen, "{number}");
        }
    }

    #[test]
    fn what_falls_out_of_the_window_is_too_late() {
        let mut window = Window::new();
        assert_eq!(window.take(WINDOW + 1), Place::Fresh);
        assert_eq!(window.take(1), Place::TooLate);
        assert_eq!(window.take(2), Place::Fresh);
        assert_eq!(window.take(u64::MAX), Place::Fresh);
        assert_eq!(window.take(WINDOW + 1), Place::TooLate);
        assert_eq!(window.take(u64::MAX - WINDOW + 1), Place::Fresh);
        assert_eq!(window.take(u64::MAX), Place::Seen);
    }

    #[test]
    fn it_says_what_a_set_of_all_numbers_would_say() {
        let (mut window, mut taken, mut newest) = (Window::new(), BTreeSet::new(), 0_u64);
        let mut state = 7_u64;
        for _ in 0..200_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let (jump, back) = ((state >> 33) % 40, (state >> 40) % (WINDOW + 100));
            let number = if state >> 63 == 0 { newest + jump } else { newest.saturating_sub(back) };
            let place = if number == 0 || (newest.saturating_sub(number) < WINDOW && taken.contains(&number))
            {
                Place::Seen
            } else if newest.saturating_sub(number) >= WINDOW {
                Place::TooLate
            } else {
                Place::Fresh
            };
            // 0 is too late like any other once the window is past it.
            let place = if number == 0 && newest >= WINDOW { Place::TooLate } else { place };
            assert_eq!(window.take(number), place, "{number} of {newest}");
            if place == Place::Fresh {
                taken.insert(number);
                newest = newest.max(number);
            }
        }
    }
}
