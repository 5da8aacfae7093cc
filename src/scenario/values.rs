//! Numbers with a unit as they are written in a scenario: durations, probabilities, rates, drifts.

use crate::{process::parse_duration, world::Probability};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};
use std::{borrow::Cow, fmt, marker::PhantomData, time::Duration};

/// A type that is read from text, or from a number as if it were text.
pub(super) trait Written: Sized {
    /// What is expected, for serde's messages.
    const EXPECTED: &'static str;
    /// Reads it, or says what is wrong and what to write.
    fn read(text: &str) -> Result<Self, String>;
}

struct Visitor<T>(PhantomData<T>);

impl<T: Written> de::Visitor<'_> for Visitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        T::read(text.trim()).map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<T, E> {
        T::read(&number.to_string()).map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<T, E> {
        T::read(&number.to_string()).map_err(E::custom)
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<T, E> {
        T::read(&number.to_string()).map_err(E::custom)
    }
}

/// Makes a type readable, and describes it in the schema.
macro_rules! written {
    ($($name:ident, $schema:expr;)*) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(Visitor(PhantomData))
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    )*};
}

const DURATION: &str = r"^\s*([0-9]*\.?[0-9]+(ns|us|µs|μs|ms|s|m|min|h)\s*)+$";
const SIGNED: &str = r"^\s*[+-]?\s*([0-9]*\.?[0-9]+(ns|us|µs|μs|ms|s|m|min|h)\s*)+$";

written! {
    Length, json_schema!({"type": "string", "pattern": DURATION, "description": "A duration with its unit, such as 10ms or 1.5s."});
    Offset, json_schema!({"type": "string", "pattern": SIGNED, "description": "A duration with its unit, negative or not, such as -80ms."});
    Chance, json_schema!({
        "description": "A probability: 5% or 0.05.",
        "anyOf": [{"type": "number", "minimum": 0, "maximum": 1}, {"type": "string", "pattern": r"^[0-9]*\.?[0-9]+%?$"}]
    });
    Rate, json_schema!({"type": "string", "pattern": "^[0-9]*\\.?[0-9]+[a-zA-Z]+$", "description": "A rate with its unit, such as 10mbit."});
    Drift, json_schema!({"type": "string", "pattern": r"^[+-]?[0-9]*\.?[0-9]+(ppm|ppb|%)$", "description": "How much a clock gains: 100ppm or 0.01%, negative when it loses."});
    Seed, json_schema!({
        "description": "A number of up to 64 bits; above 2^53 better as text.",
        "anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": "^[0-9]+$"}]
    });
    Door, json_schema!({
        "description": "A port of the address where the node listens, or host and port.",
        "anyOf": [{"type": "integer", "minimum": 0, "maximum": 65535}, {"type": "string", "pattern": "^(.+:)?[0-9]+$"}]
    });
    GroupAddress, json_schema!({"type": "string", "pattern": "^[0-9.]+:[0-9]+$", "description": "A multicast group such as 224.3.29.71:10000."});
    Interface, json_schema!({"type": "string", "pattern": "^[0-9.]+$", "description": "The address of an interface such as 192.168.1.7."});
}

/// A duration.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Length(pub(super) Duration);

impl Written for Length {
    const EXPECTED: &'static str = "a duration such as 10ms";

    fn read(text: &str) -> Result<Self, String> {
        let wrong = match parse_duration(text) {
            Ok(duration) => return Ok(Self(duration)),
            Err(wrong) => wrong,
        };
        let joined: String = text.split_whitespace().collect();
        if joined != text && parse_duration(&joined).is_ok() {
            return Err(format!("a number and its unit belong together; write {joined}"));
        }
        let pointed = text.replace(',', ".");
        if pointed != text && parse_duration(&pointed).is_ok() {
            return Err(format!("a fraction begins with a point; write {pointed}"));
        }
        if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-')) {
            return Err(format!("`{text}` is not a duration; write 10ms, 1.5s or 2m, say"));
        }
        Err(wrong)
    }
}

/// A duration that may be negative, in nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Offset(pub(super) i64);

impl Written for Offset {
    const EXPECTED: &'static str = "a duration such as 150ms or -80ms";

    fn read(text: &str) -> Result<Self, String> {
        let (negative, size) = sign(text);
        if size.parse::<f64>().is_ok() {
            return Err(format!("a duration needs a unit; write {text}ms"));
        }
        // A duration is a day at most, so that it fits.
        let nanos = parse_duration(size)?.as_nanos() as i64;
        Ok(Self(if negative { -nanos } else { nanos }))
    }
}

/// A probability.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Chance(pub(super) Probability);

/// How many parts are the whole.
const BILLION: u128 = 1_000_000_000;

impl Written for Chance {
    const EXPECTED: &'static str = "a probability such as 5% or 0.05";

    fn read(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a probability; write 5% or 0.05, say");
        let (number, scale) = match text.strip_suffix('%') {
            Some(percent) => (percent.trim_end(), BILLION / 100),
            None => (text, BILLION),
        };
        if number.starts_with('-') {
            return Err(format!("{text} is less than nothing; a probability is between 0% and 100%"));
        }
        let parts = decimal(number, scale).ok_or_else(wrong)?;
        if parts > BILLION && scale == BILLION {
            let percent = decimal(number, BILLION / 100).is_some_and(|parts| parts <= BILLION);
            let remedy = if percent { format!("write {number}%") } else { "write 100% for always".into() };
            return Err(format!("{number} is more than 1; {remedy}"));
        }
        if parts > BILLION {
            return Err(format!("{text} is more than 100%, which is always"));
        }
        if parts == 0 && number.contains(|digit: char| ('1'..='9').contains(&digit)) {
            return Err(format!("{text} is too small to matter; the smallest probability is 0.0000001%"));
        }
        Ok(Self(Probability::parts_per_billion(parts as u64)))
    }
}

/// A rate in bits a second.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Rate(pub(super) u64);

impl Written for Rate {
    const EXPECTED: &'static str = "a rate such as 10mbit";

    fn read(text: &str) -> Result<Self, String> {
        let split = text.find(|c: char| !c.is_ascii_digit() && c != '.');
        let Some(split) = split else { return Err(format!("a rate needs a unit; write {text}mbit, say")) };
        let (number, unit) = text.split_at(split);
        let wrong = || format!("`{text}` is not a rate; write 10mbit or 500kbit, say");
        let unit = unit.trim_start().to_lowercase();
        // In bits; netem's bps are bytes.
        let scale: u128 = match unit.as_str() {
            "bit" => 1,
            "kbit" => 1_000,
            "mbit" => 1_000_000,
            "gbit" => 1_000_000_000,
            "tbit" => 1_000_000_000_000,
            "kibit" => 1 << 10,
            "mibit" => 1 << 20,
            "gibit" => 1 << 30,
            "bps" => 8,
            "kbps" => 8_000,
            "mbps" => 8_000_000,
            "gbps" => 8_000_000_000,
            _ if number.is_empty() => return Err(wrong()),
            _ => {
                let units = "bit, kbit, mbit, gbit, and bps, kbps, mbps for bytes a second";
                return Err(format!("unknown unit `{unit}` in `{text}`; units are {units}"));
            }
        };
        let bits = decimal(number, scale).ok_or_else(wrong)?;
        match u64::try_from(bits) {
            Ok(0) => {
                Err(format!("`{text}` is less than a bit a second; leave `rate` out for an unlimited link"))
            }
            Ok(bits) => Ok(Self(bits)),
            Err(_) => Err(format!("`{text}` is more than any link; leave `rate` out for an unlimited one")),
        }
    }
}

/// How much a clock gains, in parts per billion.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Drift(pub(super) i64);

impl Written for Drift {
    const EXPECTED: &'static str = "a drift such as 100ppm or 0.01%";

    fn read(text: &str) -> Result<Self, String> {
        let (negative, size) = sign(text);
        let units = [("ppm", 1_000), ("ppb", 1), ("%", 10_000_000)];
        let Some((number, scale)) =
            units.iter().find_map(|(unit, scale)| Some((size.strip_suffix(unit)?, *scale)))
        else {
            let number = size.parse::<f64>().is_ok();
            let wrong =
                if number { "a drift needs a unit".into() } else { format!("`{text}` is not a drift") };
            return Err(format!("{wrong}; write 100ppm or 0.01%, say"));
        };
        let parts = decimal(number.trim_end(), scale)
            .ok_or_else(|| format!("`{text}` is not a drift; write 100ppm, say"))?;
        // A clock that loses everything stands still, and one that gains ten times as much is no clock.
        let limit = if negative { BILLION - 1 } else { 9 * BILLION };
        if parts > limit {
            return Err(format!(
                "a drift of {text} is too much; it must be more than -100% and at most 900%"
            ));
        }
        let parts = parts as i64;
        Ok(Self(if negative { -parts } else { parts }))
    }
}

/// A port, with or without the host whose it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Door {
    /// The host; the node's own when absent.
    pub host: Option<String>,
    /// The port; 0 takes any.
    pub port: u16,
}

impl Written for Door {
    const EXPECTED: &'static str = "a port such as 12345, or HOST:PORT";

    fn read(text: &str) -> Result<Self, String> {
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) => (Some(host), port),
            None => (None, text),
        };
        let fits = host.is_none_or(|host| !host.is_empty() && !host.contains(char::is_whitespace));
        match port.parse() {
            Ok(port) if fits => Ok(Self { host: host.map(str::to_owned), port }),
            _ => Err(format!("`{text}` is not a port; write 12345 or 0.0.0.0:12345, say")),
        }
    }
}

/// An IP multicast group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GroupAddress {
    /// The address.
    pub address: [u8; 4],
    /// The port.
    pub port: u16,
}

impl Written for GroupAddress {
    const EXPECTED: &'static str = "a multicast group such as \"224.3.29.71:10000\"";

    fn read(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a multicast group; write 224.3.29.71:10000, say");
        let (address, port) = text.rsplit_once(':').ok_or_else(wrong)?;
        let address = octets(address).ok_or_else(wrong)?;
        let port = port.parse().ok().filter(|port| *port != 0).ok_or_else(wrong)?;
        if !(224..=239).contains(&address[0]) {
            return Err(format!("`{text}` is no multicast group: those are 224.0.0.0 to 239.255.255.255"));
        }
        Ok(Self { address, port })
    }
}

/// An interface, by its address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Interface(pub [u8; 4]);

impl Written for Interface {
    const EXPECTED: &'static str = "the address of an interface such as 192.168.1.7";

    fn read(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no interface's address; write 192.168.1.7, say");
        octets(text).map(Self).ok_or_else(wrong)
    }
}

/// An IPv4 address.
fn octets(text: &str) -> Option<[u8; 4]> {
    let parts: Option<Vec<u8>> = text.split('.').map(|part| part.parse().ok()).collect();
    parts?.try_into().ok()
}

/// A seed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Seed(pub(super) u64);

impl Written for Seed {
    const EXPECTED: &'static str = "a seed: a whole number";

    fn read(text: &str) -> Result<Self, String> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            Ok(seed) if digits => Ok(Self(seed)),
            _ if digits => Err(format!("a seed has 64 bits at most: up to {}", u64::MAX)),
            _ => Err(format!("`{text}` is not a seed; a seed is a whole number from 0")),
        }
    }
}

/// Whether it is negative, and the rest.
fn sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(size) => (true, size.trim_start()),
        None => (false, text.strip_prefix('+').unwrap_or(text).trim_start()),
    }
}

/// A decimal number times `scale`, exactly; what is behind the last whole part is cut off.
fn decimal(text: &str, scale: u128) -> Option<u128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() && fraction.is_empty() || whole.len() > 18 || !digits(whole) || !digits(fraction) {
        return None;
    }
    let whole: u128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    // Eighteen digits are more than any scale has.
    let fraction = &fraction[..fraction.len().min(18)];
    let behind: u128 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    Some(whole * scale + behind * scale / 10_u128.pow(fraction.len() as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chance(text: &str) -> Result<Probability, String> {
        Chance::read(text).map(|chance| chance.0)
    }

    #[test]
    fn a_probability_is_a_percentage_or_a_fraction() {
        assert_eq!(chance("5%"), Ok(Probability::parts_per_billion(50_000_000)));
        assert_eq!(chance("0.05"), chance("5%"));
        assert_eq!(chance("100%"), Ok(Probability::ONE));
        assert_eq!(chance("1"), Ok(Probability::ONE));
        assert_eq!(chance("0"), Ok(Probability::ZERO));
        assert_eq!(chance("5").unwrap_err(), "5 is more than 1; write 5%");
        assert_eq!(chance("150%").unwrap_err(), "150% is more than 100%, which is always");
        for wrong in ["", "%", "-1%", "half", "1e-3", "0.00000000001", "5 %%", "."] {
            assert!(chance(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_rate_has_a_unit_and_netem_words() {
        assert_eq!(Rate::read("10mbit"), Ok(Rate(10_000_000)));
        assert_eq!(Rate::read("1Gbit"), Ok(Rate(1_000_000_000)));
        assert_eq!(Rate::read("0.5kbit"), Ok(Rate(500)));
        assert_eq!(Rate::read("3kbps"), Ok(Rate(24_000)));
        for wrong in ["", "10", "mbit", "10 parsec", "0mbit", "0.1bit", "-1mbit"] {
            assert!(Rate::read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_offset_and_a_drift_have_a_sign() {
        assert_eq!(Offset::read("-80ms"), Ok(Offset(-80_000_000)));
        assert_eq!(Offset::read("+1s"), Ok(Offset(1_000_000_000)));
        assert!(Offset::read("-80").unwrap_err().contains("write -80ms"));
        assert_eq!(Drift::read("100ppm"), Ok(Drift(100_000)));
        assert_eq!(Drift::read("-0.01%"), Ok(Drift(-100_000)));
        assert_eq!(Drift::read("3ppb"), Ok(Drift(3)));
        for wrong in ["", "100", "ppm", "-100%", "1000%", "--1ppm"] {
            assert!(Drift::read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_door_is_a_port_with_or_without_a_host() {
        assert_eq!(Door::read("12345"), Ok(Door { host: None, port: 12345 }));
        assert_eq!(Door::read("0.0.0.0:1"), Ok(Door { host: Some("0.0.0.0".into()), port: 1 }));
        assert_eq!(Door::read("[::1]:1"), Ok(Door { host: Some("[::1]".into()), port: 1 }));
        for wrong in ["", "65536", "-1", ":1", "host", "host:", "a b:1"] {
            assert!(Door::read(wrong).unwrap_err().contains("write 12345"), "{wrong}");
        }
    }

    #[test]
    fn a_multicast_group_is_one() {
        let group = GroupAddress { address: [224, 3, 29, 71], port: 10000 };
        assert_eq!(GroupAddress::read("224.3.29.71:10000"), Ok(group));
        assert!(GroupAddress::read("192.168.1.7:10000").unwrap_err().contains("224.0.0.0 to"));
        for wrong in ["224.3.29.71", "224.3.29:1", "224.3.29.71:0", "224.3.29.256:1", "group:1"] {
            assert!(GroupAddress::read(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Interface::read("10.0.0.1"), Ok(Interface([10, 0, 0, 1])));
        assert!(Interface::read("eth0").is_err());
    }

    #[test]
    fn a_seed_is_a_number_or_text() {
        assert_eq!(Seed::read("18446744073709551615"), Ok(Seed(u64::MAX)));
        assert!(Seed::read("18446744073709551616").unwrap_err().contains("64 bits"));
        assert!(Seed::read("-1").is_err());
        assert!(Seed::read("+1").is_err());
    }
}
