//! Any bytes as a trace: the reader must not panic, what it reads it must write back, and every exporter takes it.
//!
//! ```text
//! cargo install cargo-fuzz --locked
//! mkdir -p tests/fuzz/corpus/trace
//! RUSTC_BOOTSTRAP=1 cargo fuzz run --fuzz-dir tests/fuzz trace tests/fuzz/corpus/trace tests/data -- -max_len=8192
//! ```
//!
//! `RUSTC_BOOTSTRAP=1` lets a stable compiler build with the address sanitizer; a nightly one needs no such thing. New
//! inputs go to the first folder; the others are where it starts from.
#![no_main]

use libfuzzer_sys::fuzz_target;
use synod::{
    report::{self, Format, TextOptions},
    trace,
};

fuzz_target!(|bytes: &[u8]| {
    // Nearly no mutation has the right digest.
    let Ok(read) = trace::read_unverified(bytes) else { return };
    let mut written = Vec::new();
    report::convert(&read, Format::Jsonl, &mut written).expect("a trace can be written to memory");
    let again = trace::read_unverified(written.as_slice());
    let again = again.unwrap_or_else(|error| panic!("what was written is refused: {error}"));
    assert!(again.events == read.events && again.header == read.header && again.footer == read.footer);
    report::text(&read, &mut Vec::new(), &TextOptions::default())
        .expect("memory takes whatever is written to it");
    let _counted = report::Stats::of(&read).to_string();
    for format in Format::ALL {
        // An exporter may refuse a trace, in words.
        let _exported = report::convert(&read, format, &mut Vec::new());
    }
});
