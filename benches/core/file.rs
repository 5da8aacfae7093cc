//! A full trace to a file: events a second.

use super::full;
use std::{io::BufWriter, time::Instant};
use synod::{process::Names, trace::Level};

pub(crate) fn measure() {
    let mut run = full::flooder(100_000);
    let mut rates = Vec::new();
    for _ in 0..5 {
        let start = Instant::now();
        run.run(1, Level::Full);
        let path = std::env::temp_dir().join(format!("synod-bench-{}.jsonl", std::process::id()));
        let file = std::fs::File::create(&path).expect("a temporary file can be made");
        let written = run.recording().write(&Names::Numbered(100_000), &mut BufWriter::new(file));
        written.expect("the trace can be written");
        rates.push(run.recording().len() as f64 / start.elapsed().as_secs_f64() / 1e6);
        std::fs::remove_file(&path).expect("the temporary file can be removed");
    }
    println!(
        "full trace to a file, flood of 100,000 nodes: {:.2} million events a second [1.0]",
        super::median(rates)
    );
}
