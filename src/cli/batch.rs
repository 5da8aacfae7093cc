//! Many scenarios at once: worked on in parallel, reported in order.

use super::args::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{
    collections::BTreeMap,
    io::{IsTerminal, Write, stderr},
    num::NonZeroUsize,
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

/// Does `work` on every item, `jobs` at a time, and hands each result to `report` in the order of the items. Ends
/// early when `report` fails.
pub(super) fn in_order<T: Sync, R: Send, E>(
    items: &[T],
    jobs: Option<NonZeroUsize>,
    progress: Progress,
    work: impl Fn(&T) -> R + Sync,
    mut report: impl FnMut(R) -> Result<(), E>,
) -> Result<(), E> {
    let available = || thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let jobs = jobs.unwrap_or_else(available).get().min(items.len());
    let bar = bar(items.len(), progress);
    // Where there is no terminal, a bar would be noise: ten lines say as much.
    let told = progress == Progress::Always && !stderr().is_terminal();
    let stride = items.len().div_ceil(10).max(1);
    let next = AtomicUsize::new(0);
    let stopped = AtomicUsize::new(0);
    let (send, receive) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..jobs {
            let (send, next, stopped, work) = (send.clone(), &next, &stopped, &work);
            scope.spawn(move || {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(place).filter(|_| stopped.load(Ordering::Relaxed) == 0) else {
                        return;
                    };
                    // Nobody listens any more when reporting has failed.
                    let _heard = send.send((place, work(item)));
                }
            });
        }
        drop(send);
        let mut waiting = BTreeMap::new();
        let mut reported = 0;
        let mut result = Ok(());
        for (place, done) in receive {
            bar.inc(1);
            let finished = bar.position() as usize;
            if told && (finished.is_multiple_of(stride) || finished == items.len()) {
                // Nothing can be said where stderr is closed.
                let _written = writeln!(stderr(), "{finished} of {} scenarios", items.len());
            }
            waiting.insert(place, done);
            while let Some(done) = waiting.remove(&reported) {
                reported += 1;
                if result.is_ok() {
                    result = bar.suspend(|| report(done));
                    if result.is_err() {
                        stopped.store(1, Ordering::Relaxed);
                    }
                }
            }
        }
        bar.finish_and_clear();
        result
    })
}

fn bar(items: usize, progress: Progress) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} scenarios  {elapsed}");
    let target = match progress {
        Progress::Never => ProgressDrawTarget::hidden(),
        Progress::Auto if items < 2 => ProgressDrawTarget::hidden(),
        // Hides itself where stderr is no terminal.
        Progress::Auto | Progress::Always => ProgressDrawTarget::stderr(),
    };
    let bar = ProgressBar::with_draw_target(Some(items as u64), target);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
