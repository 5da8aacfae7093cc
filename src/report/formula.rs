//! Formulas of costs, computed: `2(N-1)` for so many processes and links.

use libm::{ceil, log2, pow};
use thiserror::Error;

/// What a formula is computed for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Size {
    /// How many processes: `N`, or `n`.
    pub nodes: u64,
    /// How many links: `m`.
    pub links: u64,
}

/// A text that is no formula.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("`{text}` is no formula: {because} at character {place}")]
pub struct FormulaError {
    text: String,
    because: &'static str,
    place: usize,
}

/// The value of a formula: numbers, `N`, `m`, `+ - * / ^`, brackets, `log2(...)` rounded up; factors may stand side by side.
///
/// # Errors
/// When `text` is none.
pub fn evaluate(text: &str, size: Size) -> Result<f64, FormulaError> {
    let characters: Vec<char> = text.chars().collect();
    let mut reader = Reader { characters: &characters, place: 0, size };
    let wrong = |because, place: usize| FormulaError { text: text.to_owned(), because, place: place + 1 };
    let value = reader.sum().map_err(|because| wrong(because, reader.place))?;
    match reader.peek() {
        None => Ok(value),
        Some(_) => Err(wrong("nothing is expected", reader.place)),
    }
}

struct Reader<'a> {
    characters: &'a [char],
    place: usize,
    size: Size,
}

impl Reader<'_> {
    /// What comes next, spaces aside.
    fn peek(&mut self) -> Option<char> {
        while self.characters.get(self.place) == Some(&' ') {
            self.place += 1;
        }
        self.characters.get(self.place).copied()
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        self.place += usize::from(found);
        found
    }

    fn sum(&mut self) -> Result<f64, &'static str> {
        let mut value = self.product()?;
        loop {
            if self.take('+') {
                value += self.product()?;
            } else if self.take('-') {
                value -= self.product()?;
            } else {
                return Ok(value);
            }
        }
    }

    fn product(&mut self) -> Result<f64, &'static str> {
        let mut value = self.power()?;
        loop {
            if self.take('*') {
                value *= self.power()?;
            } else if self.take('/') {
                value /= self.power()?;
            } else if self.peek().is_some_and(|next| next.is_alphanumeric() || next == '(') {
                value *= self.power()?;
            } else {
                return Ok(value);
            }
        }
    }

    fn power(&mut self) -> Result<f64, &'static str> {
        let base = self.atom()?;
        if self.take('^') { Ok(pow(base, self.atom()?)) } else { Ok(base) }
    }

    fn atom(&mut self) -> Result<f64, &'static str> {
        if self.take('(') {
            let value = self.sum()?;
            return if self.take(')') { Ok(value) } else { Err("a `)` is missing") };
        }
        if self.take('N') || self.take('n') {
            return Ok(self.size.nodes as f64);
        }
        if self.take('m') {
            return Ok(self.size.links as f64);
        }
        if self.take('l') {
            let named = ['o', 'g', '2'].into_iter().all(|letter| self.take(letter));
            let value = if named && self.peek() == Some('(') {
                self.atom()?
            } else {
                return Err("log2(...) is meant");
            };
            return Ok(ceil(log2(value)));
        }
        let start = self.place;
        while self.characters.get(self.place).is_some_and(|c| c.is_ascii_digit() || *c == '.') {
            self.place += 1;
        }
        let digits: String = self.characters[start..self.place].iter().collect();
        digits.parse().map_err(|_| "a number, N, m, log2 or ( is expected")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> f64 {
        evaluate(text, Size { nodes: 5, links: 7 }).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn formulas_are_computed() {
        assert_eq!(value("2(N-1)"), 8.0);
        assert_eq!(value("(N-1)^2"), 16.0);
        assert_eq!(value("N(N+1)/2 + N"), 20.0);
        assert_eq!(value("2m-(N-1)"), 10.0);
        assert_eq!(value("8N(1+log2(N))+N"), 165.0);
        assert_eq!(value("0"), 0.0);
    }

    #[test]
    fn what_is_no_formula_is_refused_with_its_place() {
        for (text, place) in [("2(N-1", 6), ("2(N-1))", 7), ("", 1), ("N-", 3), ("lg(N)", 2), ("2 ? 3", 3)] {
            let error = evaluate(text, Size { nodes: 5, links: 7 }).expect_err(text);
            assert!(error.to_string().ends_with(&format!("at character {place}")), "{text}: {error}");
        }
    }
}
