//! What an algorithm is known to cost, as a formula that can be computed and held against runs.

use serde::Serialize;

/// A published number of messages for each operation of the problem, without failures.
///
/// The formulas are text that [`Formula::least`] and `synod run --set nodes=4,8` print as they stand: `N` is the number of
/// processes, `m` that of links, `log2` is rounded up, and `2(N-1)` is a product.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Formula {
    /// The least.
    pub least: &'static str,
    /// The most; the same where the number is exact.
    pub most: &'static str,
    /// It is about this configuration: keys with their values. Other keys may be anything.
    pub with: &'static [(&'static str, &'static str)],
    /// Kinds of message that it does not count: signs of life.
    pub apart: &'static [&'static str],
}

impl Formula {
    /// Always so many.
    pub const fn exact(messages: &'static str) -> Self {
        Self::between(messages, messages)
    }

    /// So many at least and at most.
    pub const fn between(least: &'static str, most: &'static str) -> Self {
        Self { least, most, with: &[], apart: &[] }
    }

    /// Under this configuration only.
    #[must_use]
    pub const fn with(self, with: &'static [(&'static str, &'static str)]) -> Self {
        Self { with, ..self }
    }

    /// These kinds of message apart.
    #[must_use]
    pub const fn apart(self, apart: &'static [&'static str]) -> Self {
        Self { apart, ..self }
    }

    /// Whether it is one number.
    pub fn is_exact(&self) -> bool {
        self.least == self.most
    }
}
