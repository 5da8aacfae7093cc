//! Algorithms for tests of scenarios: what the registry would say of them.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use synod::{
    process::{ProcessId, duration},
    scenario::{Catalogue, Facts, Misfit, fit},
};

/// The algorithms that scenarios can name.
pub(crate) fn catalogue() -> impl Catalogue {
    Fake
}

struct Fake;

impl Catalogue for Fake {
    fn algorithms(&self) -> Vec<&str> {
        vec!["fifo-broadcast", "sequencer", "ricart-agrawala"]
    }

    fn facts(&self, algorithm: &str) -> Option<&dyn Facts> {
        match algorithm {
            "fifo-broadcast" => Some(&FifoBroadcast),
            "sequencer" => Some(&Sequencer),
            "ricart-agrawala" => Some(&RicartAgrawala),
            _ => None,
        }
    }
}

/// `value` is a `T`.
fn fits<T: DeserializeOwned>(value: &Value) -> Result<(), Misfit> {
    fit::<T>(value).map(drop)
}

/// What the defaults of a `T` look like.
fn defaults<T: Default + Serialize>() -> Value {
    serde_json::to_value(T::default()).expect("a configuration can be written")
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(dead_code, reason = "only whether it can be read matters")]
enum Broadcast {
    Broadcast(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(dead_code, reason = "only whether it can be read matters")]
enum Lock {
    Acquire,
    Hold(#[serde(with = "duration")] std::time::Duration),
    HandTo { node: ProcessId },
}

#[derive(Deserialize, Serialize, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct SequencerConfig {
    failover: bool,
    window: u32,
    sequencer: Option<ProcessId>,
}

struct FifoBroadcast;

impl Facts for FifoBroadcast {
    fn check_config(&self, config: &Value) -> Result<(), Misfit> {
        fits::<()>(config)
    }
    fn default_config(&self) -> Value {
        Value::Null
    }
    fn check_request(&self, request: &Value) -> Result<(), Misfit> {
        fits::<Broadcast>(request)
    }
    fn properties(&self) -> Vec<&str> {
        vec!["validity", "integrity", "agreement", "fifo-order", "causal-order", "total-order"]
    }
    fn promises(&self) -> Vec<&str> {
        vec!["validity", "integrity", "fifo-order"]
    }
    fn message_kinds(&self) -> Vec<&str> {
        vec!["publish"]
    }
}

struct Sequencer;

impl Facts for Sequencer {
    fn check_config(&self, config: &Value) -> Result<(), Misfit> {
        fits::<SequencerConfig>(config)
    }
    fn default_config(&self) -> Value {
        defaults::<SequencerConfig>()
    }
    fn check_request(&self, request: &Value) -> Result<(), Misfit> {
        fits::<Broadcast>(request)
    }
    fn properties(&self) -> Vec<&str> {
        FifoBroadcast.properties()
    }
    fn promises(&self) -> Vec<&str> {
        vec!["validity", "integrity", "agreement", "total-order"]
    }
    fn message_kinds(&self) -> Vec<&str> {
        vec!["publish", "ordered"]
    }
}

struct RicartAgrawala;

impl Facts for RicartAgrawala {
    fn check_config(&self, config: &Value) -> Result<(), Misfit> {
        fits::<()>(config)
    }
    fn default_config(&self) -> Value {
        Value::Null
    }
    fn check_request(&self, request: &Value) -> Result<(), Misfit> {
        fits::<Lock>(request)
    }
    fn properties(&self) -> Vec<&str> {
        vec!["mutual-exclusion", "no-starvation", "fairness"]
    }
    fn promises(&self) -> Vec<&str> {
        vec!["mutual-exclusion", "no-starvation"]
    }
    fn message_kinds(&self) -> Vec<&str> {
        vec!["request", "reply"]
    }
}
