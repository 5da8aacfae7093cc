//! A hierarchical timing wheel over all 64 bits of time: eight levels of 256 buckets.
//!
//! An entry stands on the level of the highest byte in which its time differs from `base`, in the bucket of that
//! byte. So everything on a level comes before everything on the levels above it, and on a level the buckets come
//! in order. Buckets are chains of chunks from one arena, so that memory is used again, whichever bucket it was for.

use super::Entry;

/// Bits of time for each level.
const BITS: u32 = 8;
const BUCKETS: usize = 1 << BITS;
const LEVELS: usize = (u64::BITS / BITS) as usize;
/// A bucket of up to so many entries is sorted; a larger one is spread over the level below.
const SORTED: u32 = 512;
/// Entries to a chunk.
const CHUNK: usize = 32;

#[derive(Clone, Debug, Default)]
pub(super) struct Wheel {
    len: usize,
    base: u64,
    /// One bit for each level that has entries.
    levels: u32,
    /// One bit for each bucket that has entries.
    occupied: [[u64; BUCKETS / 64]; LEVELS],
    buckets: Vec<Bucket>,
    /// The chunks, one after the other.
    arena: Vec<Entry>,
    /// For each chunk, the next one of its bucket.
    following: Vec<u32>,
    free: Vec<u32>,
}

/// A chain of chunks, all of them full but the last. Meaningless while its bit is not set.
#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    first: u32,
    last: u32,
    len: u32,
}

impl Wheel {
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Forgets everything, keeps the memory.
    pub(super) fn clear(&mut self) {
        self.len = 0;
        self.levels = 0;
        self.occupied = [[0; BUCKETS / 64]; LEVELS];
        self.arena.clear();
        self.following.clear();
        self.free.clear();
    }

    /// Starts an empty wheel: everything pushed from now on is later than `base`.
    pub(super) fn begin(&mut self, base: u64) {
        self.base = base;
        if self.buckets.is_empty() {
            self.buckets = vec![Bucket::default(); LEVELS * BUCKETS];
        }
    }

    /// Puts an entry in.
    #[inline]
    pub(super) fn push(&mut self, entry: Entry) {
        self.len += 1;
        self.place(entry);
    }

    #[inline]
    fn place(&mut self, entry: Entry) {
        let level = ((entry.time ^ self.base | 1).ilog2() / BITS) as usize;
        let slot = (entry.time >> (level as u32 * BITS)) as usize % BUCKETS;
        let number = level * BUCKETS + slot;
        let (word, bit) = (slot / 64, 1 << (slot % 64));
        if self.occupied[level][word] & bit == 0 {
            self.occupied[level][word] |= bit;
            self.levels |= 1 << level;
            let chunk = self.new_chunk();
            self.buckets[number] = Bucket { first: chunk, last: chunk, len: 0 };
        }
        let Bucket { last, len, .. } = self.buckets[number];
        let filled = len as usize % CHUNK;
        let chunk = if filled == 0 && len > 0 {
            let chunk = self.new_chunk();
            self.following[last as usize] = chunk;
            self.buckets[number].last = chunk;
            chunk
        } else {
            last
        };
        self.arena[chunk as usize * CHUNK + filled] = entry;
        self.buckets[number].len = len + 1;
    }

    #[inline]
    fn new_chunk(&mut self) -> u32 {
        if let Some(chunk) = self.free.pop() {
            return chunk;
        }
        let chunk = self.following.len() as u32;
        self.following.push(0);
        self.arena.resize(self.arena.len() + CHUNK, Entry::default());
        chunk
    }

    /// Moves the first bucket's entries to `open`, sorted; gives the last time that belongs to the bucket. The
    /// wheel must not be empty.
    pub(super) fn open(&mut self, open: &mut Vec<Entry>) -> u64 {
        loop {
            let level = self.levels.trailing_zeros();
            let words = &mut self.occupied[level as usize];
            let word = words.iter().position(|word| *word != 0);
            let word = word.unwrap_or_else(|| unreachable!("a level with its bit set has a bucket"));
            let slot = word * 64 + words[word].trailing_zeros() as usize;
            words[word] &= words[word] - 1;
            if words.iter().all(|word| *word == 0) {
                self.levels &= !(1 << level);
            }
            let within = (1_u64 << (level * BITS)) - 1;
            let above = if level as usize + 1 < LEVELS { !0 << ((level + 1) * BITS) } else { 0 };
            self.base = self.base & above | (slot as u64) << (level * BITS);
            let bucket = self.buckets[level as usize * BUCKETS + slot];
            if bucket.len <= SORTED || level == 0 || self.is_one_instant(bucket) {
                self.unload(bucket, open);
                open.sort_unstable_by_key(Entry::rank);
                return self.base | within;
            }
            self.spread(bucket);
        }
    }

    /// Spreads a bucket's entries over the levels below.
    fn spread(&mut self, bucket: Bucket) {
        let (mut chunk, mut left) = (bucket.first, bucket.len as usize);
        while left > 0 {
            let start = chunk as usize * CHUNK;
            let filled = left.min(CHUNK);
            for place in start..start + filled {
                self.place(self.arena[place]);
            }
            // Only now is the chunk free for others.
            self.free.push(chunk);
            chunk = self.following[chunk as usize];
            left -= filled;
        }
    }

    /// Whether all entries of a bucket have the same time: spreading them would not part them.
    fn is_one_instant(&self, bucket: Bucket) -> bool {
        let time = self.arena[bucket.first as usize * CHUNK].time;
        let (mut chunk, mut left) = (bucket.first, bucket.len as usize);
        while left > 0 {
            let start = chunk as usize * CHUNK;
            let filled = left.min(CHUNK);
            if self.arena[start..start + filled].iter().any(|entry| entry.time != time) {
                return false;
            }
            left -= filled;
            chunk = self.following[chunk as usize];
        }
        true
    }

    /// Moves a bucket's entries to `open`.
    fn unload(&mut self, bucket: Bucket, open: &mut Vec<Entry>) {
        let (mut chunk, mut left) = (bucket.first, bucket.len as usize);
        while left > 0 {
            let start = chunk as usize * CHUNK;
            let filled = left.min(CHUNK);
            open.extend_from_slice(&self.arena[start..start + filled]);
            self.free.push(chunk);
            chunk = self.following[chunk as usize];
            left -= filled;
        }
        self.len -= open.len();
    }
}
