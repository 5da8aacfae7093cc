//! What a clock shows, and by how much clocks differ: nanoseconds with a sign, written with their unit.

use crate::process::{LocalTime, format_duration, parse_duration};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, time::Duration};

/// Nanoseconds with a sign. Written with the largest unit that fits, as `-5s` or `20.5ms`; what is longer than a day
/// is written as a number of nanoseconds, for durations end there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Nanoseconds(pub i64);

const DAY: u64 = 24 * 60 * 60 * 1_000_000_000;

impl Nanoseconds {
    /// The nearest value to a number that may be too large.
    pub fn of(wide: i128) -> Self {
        Self(i64::try_from(wide).unwrap_or(if wide < 0 { i64::MIN } else { i64::MAX }))
    }

    /// As a number that sums and differences do not overflow.
    pub fn wide(self) -> i128 {
        i128::from(self.0)
    }
}

impl From<LocalTime> for Nanoseconds {
    fn from(shown: LocalTime) -> Self {
        Self(shown.0)
    }
}

impl From<Duration> for Nanoseconds {
    fn from(duration: Duration) -> Self {
        Self(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX))
    }
}

impl fmt::Display for Nanoseconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{}", format_duration(Duration::from_nanos(self.0.unsigned_abs())))
    }
}

impl Serialize for Nanoseconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.unsigned_abs() > DAY {
            serializer.serialize_i64(self.0)
        } else {
            serializer.collect_str(self)
        }
    }
}

impl<'de> Deserialize<'de> for Nanoseconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Nanoseconds;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration with its unit, such as -5s")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Nanoseconds, E> {
                let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
                let Nanoseconds(size) = parse_duration(rest).map_err(E::custom)?.into();
                Ok(Nanoseconds(if negative { -size } else { size }))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Nanoseconds, E> {
                Ok(Nanoseconds(number))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Nanoseconds, E> {
                i64::try_from(number).map(Nanoseconds).map_err(|_| E::custom("a clock shows 64 bits"))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let day = DAY as i64;
        for nanos in [0, 1, -1, -5_000_000_000, 20_500_000, day, -day, day + 1, -day - 1, i64::MIN, i64::MAX]
        {
            let written = serde_json::to_string(&Nanoseconds(nanos)).unwrap();
            assert_eq!(
                serde_json::from_str::<Nanoseconds>(&written).unwrap(),
                Nanoseconds(nanos),
                "{written}"
            );
        }
        assert_eq!(serde_json::to_string(&Nanoseconds(-5_000_000_000)).unwrap(), "\"-5s\"");
    }
}
