//! States that are equally far from the first, in the order in which they were found.

/// Into so many strips a level is divided, whatever the number of workers.
pub(super) const LANES: usize = 16;

/// States that one lane found, one after the other.
#[derive(Default)]
pub(super) struct Strip {
    pub(super) words: Vec<u32>,
    /// Where each ends.
    ends: Vec<u32>,
    hashes: Vec<u128>,
    /// The number of each.
    numbers: Vec<u32>,
}

impl Strip {
    fn words(&self, place: usize) -> &[u32] {
        let start = if place == 0 { 0 } else { self.ends[place - 1] };
        &self.words[start as usize..self.ends[place] as usize]
    }

    /// What was appended to the words is a state.
    pub(super) fn close(&mut self, hash: u128, number: u32) {
        self.ends.push(u32::try_from(self.words.len()).expect("a strip of a level has less than 2^32 words"));
        self.hashes.push(hash);
        self.numbers.push(number);
    }

    pub(super) fn clear(&mut self) {
        self.words.clear();
        self.ends.clear();
        self.hashes.clear();
        self.numbers.clear();
    }
}

/// A state of a level.
#[derive(Clone, Copy)]
pub(super) struct Standing<'a> {
    pub(super) words: &'a [u32],
    pub(super) hash: u128,
    pub(super) number: u32,
}

/// The strips of a level, as one list.
#[derive(Default)]
pub(super) struct Level {
    strips: [Strip; LANES],
    /// The place of each strip's first state in the list.
    starts: [usize; LANES],
    length: usize,
}

impl Level {
    pub(super) fn len(&self) -> usize {
        self.length
    }

    /// The strip of a lane, to be exchanged for another; [`Level::close`] comes afterwards.
    pub(super) fn strip(&mut self, lane: usize) -> &mut Strip {
        &mut self.strips[lane]
    }

    /// The strips are as they should be.
    pub(super) fn close(&mut self) {
        self.length = 0;
        for (start, strip) in self.starts.iter_mut().zip(&self.strips) {
            *start = self.length;
            self.length += strip.ends.len();
        }
    }

    /// The states with these places: a strip's, or a part of them, come one after the other in memory.
    pub(super) fn states(&self, from: usize, to: usize) -> impl Iterator<Item = Standing<'_>> {
        let strips = self.starts.iter().zip(&self.strips);
        strips.flat_map(move |(start, strip)| {
            let end = start + strip.ends.len();
            (from.clamp(*start, end) - start..to.clamp(*start, end) - start).map(|place| Standing {
                words: strip.words(place),
                hash: strip.hashes[place],
                number: strip.numbers[place],
            })
        })
    }

    /// The state with this place.
    #[inline]
    pub(super) fn words(&self, place: usize) -> &[u32] {
        let strip = self.strip_of(place);
        self.strips[strip].words(place - self.starts[strip])
    }

    /// The number of the state with this place.
    #[inline]
    pub(super) fn number(&self, place: usize) -> u32 {
        let strip = self.strip_of(place);
        self.strips[strip].numbers[place - self.starts[strip]]
    }

    #[inline]
    fn strip_of(&self, place: usize) -> usize {
        // Of strips that begin at the same place all but the last are empty.
        self.starts.partition_point(|start| *start <= place) - 1
    }
}
