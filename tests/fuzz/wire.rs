//! Any bytes as a line or a datagram from another node: read or refused, never a panic.
//!
//! ```text
//! mkdir -p tests/fuzz/corpus/wire
//! RUSTC_BOOTSTRAP=1 cargo fuzz run --fuzz-dir tests/fuzz wire tests/fuzz/corpus/wire tests/data/wire -- -max_len=8192
//! ```
#![no_main]

use libfuzzer_sys::fuzz_target;
use synod::{live, process::Names};

fuzz_target!(|line: &[u8]| {
    let names = Names::Numbered(3);
    if let Err(refusal) = live::check_line(line, &names) {
        let told = refusal.to_string();
        assert!(!told.is_empty() && !refusal.name().is_empty());
        assert!(told.len() < 1000, "what is said of a line must not be as long as a line: {told}");
    }
});
