//! Any bytes as a scenario: the loader must not panic, and what it makes of them must mean the same when read again.
//!
//! ```text
//! cargo install cargo-fuzz --locked
//! mkdir -p tests/fuzz/corpus/scenario
//! RUSTC_BOOTSTRAP=1 cargo fuzz run --fuzz-dir tests/fuzz scenario tests/fuzz/corpus/scenario scenarios tests/faulty -- -max_len=8192
//! ```
//!
//! `RUSTC_BOOTSTRAP=1` lets a stable compiler build with the address sanitizer; a nightly one needs no such thing. New
//! inputs go to the first folder; the others are where it starts from.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use synod::{registry::Registry, scenario};

static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::standard);

fuzz_target!(|bytes: &[u8]| {
    let plan = match scenario::load("fuzz.yaml", bytes, &[], None, &*REGISTRY) {
        Ok(plan) => plan,
        Err(mistakes) => {
            assert!(mistakes.iter().len() > 0, "a refused scenario has a mistake");
            let _told = mistakes.to_string();
            return;
        }
    };
    let again = scenario::reload("fuzz.yaml", &plan.resolved, &*REGISTRY);
    let again = again.unwrap_or_else(|mistakes| panic!("what was resolved is refused:\n{mistakes}"));
    assert_eq!(again.resolved, plan.resolved, "resolving again changes something");
    assert_eq!(format!("{again:?}"), format!("{plan:?}"), "what was resolved means something else");
});
