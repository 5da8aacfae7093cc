//! The objects that can be called, and what their methods do: the reference that answers are compared with.

use super::Answer;
use serde::{Deserialize, Serialize};

/// The kind of an object: its interface.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Interface {
    /// Has `sqrt`.
    SquareRoot,
    /// Has `increment`, which does something else when it is executed twice.
    Counter,
    /// Has `echo`.
    Echo,
}

/// What can be asked of an object.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// The square root of an integer, with up to nine digits after the point, the rest cut off.
    Sqrt,
    /// Counts one more, and gives the count.
    Increment,
    /// Gives back its argument.
    Echo,
}

/// What a method raises instead of returning a value: the caller's mistake, not the system's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exception {
    /// A negative number has no square root.
    Negative,
    /// The argument is no integer of 64 bits.
    NotANumber,
}

/// An object that a server has exported.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Object {
    /// Its interface.
    pub interface: Interface,
    /// How often it was incremented, if it is a counter.
    pub count: u64,
}

impl Object {
    /// A new object.
    pub fn of(interface: Interface) -> Self {
        Self { interface, count: 0 }
    }

    /// Executes a method; nothing when the object has none of that name.
    pub fn call(&mut self, method: Method, argument: &str) -> Option<Answer> {
        match (self.interface, method) {
            (Interface::SquareRoot, Method::Sqrt) => Some(square_root(argument)),
            (Interface::Echo, Method::Echo) => Some(Answer::Returned(argument.to_owned())),
            (Interface::Counter, Method::Increment) => {
                self.count += 1;
                Some(Answer::Returned(self.count.to_string()))
            }
            (Interface::SquareRoot, Method::Increment | Method::Echo)
            | (Interface::Echo, Method::Sqrt | Method::Increment)
            | (Interface::Counter, Method::Sqrt | Method::Echo) => None,
        }
    }
}

/// What a method answers whatever happened before; nothing where that depends on the object's state.
pub fn always(method: Method, argument: &str) -> Option<Answer> {
    match method {
        Method::Sqrt => Some(square_root(argument)),
        Method::Echo => Some(Answer::Returned(argument.to_owned())),
        Method::Increment => None,
    }
}

/// One unit of the last digit, squared.
const PLACES_SQUARED: u128 = 1_000_000_000_000_000_000;
const PLACES: u128 = 1_000_000_000;

fn square_root(argument: &str) -> Answer {
    let Ok(number) = argument.trim().parse::<i64>() else { return Answer::Raised(Exception::NotANumber) };
    let Ok(number) = u128::try_from(number) else { return Answer::Raised(Exception::Negative) };
    let root = (number * PLACES_SQUARED).isqrt();
    let (whole, rest) = (root / PLACES, root % PLACES);
    if rest == 0 {
        return Answer::Returned(whole.to_string());
    }
    Answer::Returned(format!("{whole}.{rest:09}").trim_end_matches('0').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_are_exact_to_nine_digits() {
        let root = |argument: &str| always(Method::Sqrt, argument).unwrap();
        let returned = |value: &str| Answer::Returned(value.to_owned());
        for (argument, value) in [
            ("0", "0"),
            ("1", "1"),
            ("2", "1.414213562"),
            ("9", "3"),
            ("1000000", "1000"),
            ("9223372036854775807", "3037000499.976049692"),
            (" 16 ", "4"),
        ] {
            assert_eq!(root(argument), returned(value), "{argument}");
        }
        assert_eq!(root("-1"), Answer::Raised(Exception::Negative));
        for wrong in ["", "two", "1.5", "9223372036854775808"] {
            assert_eq!(root(wrong), Answer::Raised(Exception::NotANumber), "{wrong}");
        }
    }

    #[test]
    fn only_a_counter_remembers() {
        let mut counter = Object::of(Interface::Counter);
        assert_eq!(counter.call(Method::Increment, ""), Some(Answer::Returned("1".into())));
        assert_eq!(counter.call(Method::Increment, ""), Some(Answer::Returned("2".into())));
        assert_eq!(counter.call(Method::Sqrt, "4"), None);
        assert_eq!(Object::of(Interface::Echo).call(Method::Echo, "x"), Some(Answer::Returned("x".into())));
    }
}
