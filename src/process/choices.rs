//! The one door through which randomness reaches a process.

/// Answers every choice a process leaves open: a seed, a recording, a fuzzer or an exhaustive search.
pub trait Choices {
    /// Picks one of `options` alternatives.
    ///
    /// `options` is at least 1; the answer is below it.
    fn choose(&mut self, options: u32) -> u32;
}

/// Always the first alternative: for a process that is run by hand, in a test say.
impl Choices for () {
    fn choose(&mut self, _options: u32) -> u32 {
        0
    }
}
