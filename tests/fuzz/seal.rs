//! Any bytes as a sealed message: no panic, and nothing opens but what was sealed with the key, unchanged,
//! once.
//!
//! ```text
//! mkdir -p tests/fuzz/corpus/seal
//! RUSTC_BOOTSTRAP=1 cargo fuzz run --fuzz-dir tests/fuzz seal tests/fuzz/corpus/seal -- -max_len=8192
//! ```
#![no_main]

use libfuzzer_sys::fuzz_target;
use synod::live::seal::{GroupKey, Refusal, Seal};

fn seal(name: &str) -> Seal {
    Seal::new(&GroupKey::from_bytes([7; 32]), "room", name, 1).expect("the name is short")
}

fuzz_target!(|bytes: &[u8]| {
    let (mut alice, mut bob) = (seal("alice"), seal("bob"));
    assert!(bob.open(bytes).is_err(), "who has no key is heard");
    let packet = alice.seal(bytes).expect("it is short");
    if let [place, bit, ..] = bytes {
        let mut changed = packet.clone();
        let place = usize::from(*place) % changed.len();
        changed[place] ^= 1 << (bit % 8);
        assert!(bob.open(&changed).is_err(), "a changed packet opens");
    }
    assert_eq!(bob.open(&packet).expect("it is whole").text, bytes);
    assert!(matches!(bob.open(&packet), Err(Refusal::Replayed { .. })));
    let line = alice.seal_line(bytes).expect("it is short");
    assert_eq!(bob.open(line.as_bytes()).expect("it is whole").text, bytes);
    let counts = bob.counts();
    assert_eq!((counts.opened, counts.replayed), (2, 1));
});
