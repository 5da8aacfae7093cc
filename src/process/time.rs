//! Time: the run's own (`Time`), what a node's clock shows (`LocalTime`), and durations with their units.

use serde::{Deserialize, Serialize};
use std::{fmt, ops::RangeInclusive, time::Duration};

/// Nanoseconds since the run began. True time: processes never see it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(pub u64);

impl Time {
    /// The beginning of the run.
    pub const ZERO: Self = Self(0);
    /// Later than everything.
    pub const NEVER: Self = Self(u64::MAX);

    /// This much later; [`Time::NEVER`] when that is past the end of time.
    #[inline]
    pub fn after(self, delay: Duration) -> Self {
        Self(self.0.saturating_add(nanoseconds(delay)))
    }

    /// How long after `earlier` this is; zero when it is not after it.
    #[inline]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format_duration(Duration::from_nanos(self.0)))
    }
}

/// What a node's own clock shows, in nanoseconds. Negative before the clock's own beginning, which a clock with a
/// negative offset shows when the run begins. Only differences between readings mean something.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LocalTime(pub i64);

impl LocalTime {
    /// This much later.
    #[inline]
    pub fn after(self, delay: Duration) -> Self {
        Self(self.0.saturating_add_unsigned(nanoseconds(delay)))
    }

    /// Nanoseconds since `earlier`; negative when `earlier` is later, as after a clock was set back.
    #[inline]
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// How long a timer runs: anything from `min` to `max`, both included.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TimerRange {
    /// The shortest time.
    pub min: Duration,
    /// The longest time.
    pub max: Duration,
}

impl From<Duration> for TimerRange {
    fn from(exact: Duration) -> Self {
        Self { min: exact, max: exact }
    }
}

impl From<RangeInclusive<Duration>> for TimerRange {
    fn from(range: RangeInclusive<Duration>) -> Self {
        assert!(range.start() <= range.end(), "a timer's shortest time must not exceed its longest");
        Self { min: *range.start(), max: *range.end() }
    }
}

#[inline]
fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// The longest duration a scenario may name: one day.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Reads a duration with its unit: `10ms`, `1.5s`, `250us`, `2m`, `1h`, or several in a row (`1m 30s`).
///
/// # Errors
/// A sentence that says what is wrong and what to write instead.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    if let Some(positive) = text.strip_prefix('-') {
        return Err(format!("a duration cannot be negative; write {positive}"));
    }
    if text.parse::<f64>().is_ok() {
        return Err(format!("a duration needs a unit; write {text}ms"));
    }
    let total = text.split_whitespace().map(parse_part).sum::<Result<Duration, String>>();
    match total {
        Ok(_) if text.is_empty() => Err("a duration is missing; write 10ms, say".into()),
        Ok(total) if total > LONGEST => Err(format!("`{text}` is more than a day; durations end at 24h")),
        other => other,
    }
}

/// One number with its unit.
fn parse_part(part: &str) -> Result<Duration, String> {
    let wrong = || format!("`{part}` is not a duration; write 10ms, 1.5s or 2m, say");
    let split = part.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(wrong)?;
    let (number, unit) = part.split_at(split);
    let scale: u64 = match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" | "min" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ if unit.starts_with(|c: char| c.is_ascii_digit() || c == '.') => return Err(wrong()),
        _ => return Err(format!("unknown unit `{unit}` in `{part}`; units are ns, us, ms, s, m and h")),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || whole.len() > 18 || fraction.contains('.') {
        return Err(wrong());
    }
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| wrong())? };
    let mut nanos = u128::from(whole) * u128::from(scale);
    let mut place = u128::from(scale);
    for digit in fraction.bytes() {
        place /= 10;
        nanos += place * u128::from(digit - b'0');
    }
    u64::try_from(nanos).map(Duration::from_nanos).map_err(|_| wrong())
}

/// Writes a duration in its largest unit with at most six digits behind the point: `12.1ms`, `1.5s`.
/// What is written reads back as the same duration.
pub fn format_duration(duration: Duration) -> String {
    let nanos = nanoseconds(duration);
    let (scale, unit) = match nanos {
        0 => return "0s".into(),
        1..1_000 => (1, "ns"),
        1_000..1_000_000 => (1_000, "us"),
        1_000_000..1_000_000_000 => (1_000_000, "ms"),
        _ => (1_000_000_000, "s"),
    };
    let (whole, rest) = (nanos / scale, nanos % scale);
    if rest == 0 {
        return format!("{whole}{unit}");
    }
    let width = scale.ilog10() as usize;
    let digits = format!("{rest:0width$}");
    format!("{whole}.{}{unit}", digits.trim_end_matches('0'))
}

/// Durations in a configuration, written with their unit: `#[serde(with = "synod::process::duration")]`.
pub mod duration {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use std::time::Duration;

    /// Writes a duration with its unit.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&super::format_duration(*duration))
    }

    /// Reads a duration with its unit.
    ///
    /// # Errors
    /// Those of [`super::parse_duration`].
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Text(String),
            Number(f64),
        }
        match Written::deserialize(deserializer)? {
            Written::Text(text) => super::parse_duration(&text).map_err(D::Error::custom),
            Written::Number(number) => {
                Err(D::Error::custom(format_args!("a duration needs a unit; write {number}ms")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_back_as_written() {
        for nanos in [1, 999, 1_000, 1_500, 12_100_000, 999_999_999, 1_000_000_001, 86_400_000_000_000] {
            let duration = Duration::from_nanos(nanos);
            assert_eq!(parse_duration(&format_duration(duration)), Ok(duration), "{nanos}");
        }
    }

    #[test]
    fn wrong_durations_say_what_to_write() {
        assert_eq!(parse_duration("10").unwrap_err(), "a duration needs a unit; write 10ms");
        assert_eq!(parse_duration("-3s").unwrap_err(), "a duration cannot be negative; write 3s");
        assert!(parse_duration("1e3ms").is_err());
        assert!(parse_duration("10 ms").is_err());
        assert!(parse_duration("3 lightyears").is_err());
        assert!(parse_duration("1M").unwrap_err().contains("unknown unit `M`"));
        assert!(parse_duration("25h").unwrap_err().contains("more than a day"));
        assert!(parse_duration("").is_err());
        assert_eq!(parse_duration("1m 30s"), Ok(Duration::from_secs(90)));
        assert_eq!(parse_duration("0.5ms"), Ok(Duration::from_micros(500)));
    }
}
