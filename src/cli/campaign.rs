//! A campaign on several threads: who makes which runs, what is told meanwhile, what is kept for another time.

use super::{args::Progress, exit::Failure, interrupt};
use crate::{
    explore::campaign::{Campaign, Candidate, Found, Identity, Share, Tally, Worker},
    registry::Registry,
    scenario::Plan,
};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs,
    io::{IsTerminal, Write, stderr},
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

/// How many runs are handed out at once.
const BLOCK: u64 = 256;
/// How often a line is written where there is no terminal.
const TOLD_EVERY: Duration = Duration::from_secs(10);
/// How often what was done is kept.
const KEPT_EVERY: Duration = Duration::from_secs(1);

/// How much is to be done, and how.
pub(super) struct Effort<'a> {
    pub(super) runs: Option<u64>,
    pub(super) time: Option<Duration>,
    /// Which share, and of how many.
    pub(super) shard: (u64, u64),
    pub(super) jobs: Option<NonZeroUsize>,
    pub(super) progress: Progress,
    pub(super) corpus: Option<&'a Path>,
}

impl Effort<'_> {
    /// How many of the runs are this share's.
    fn own(&self) -> u64 {
        let (index, count) = self.shard;
        self.runs.map_or(u64::MAX / count, |runs| runs.saturating_sub(index).div_ceil(count))
    }
}

/// What was done of a campaign so far.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Kept {
    v: u32,
    campaign: Identity,
    share: Share,
    /// How many of the share's runs: its first ones.
    done: u64,
    tally: Tally,
}

/// Makes the runs of a share.
pub(super) fn search(
    registry: &Registry,
    plan: &Plan,
    campaign: &Campaign,
    identity: &Identity,
    effort: &Effort<'_>,
) -> Result<(Share, Tally), Failure> {
    let share = Share { of: vec![effort.shard.0], count: effort.shard.1 };
    let mut shelf = Shelf::open(effort, identity, &share)?;
    let own = effort.own();
    let mut kept = shelf.take(own).unwrap_or_else(|| Kept {
        v: 1,
        campaign: identity.clone(),
        share: share.clone(),
        done: 0,
        tally: Tally::new(plan.checks.len()),
    });
    let end = effort.time.map(|time| Instant::now() + time);
    let next = AtomicU64::new(kept.done);
    let mut teller = Teller::new(effort, own, &kept.tally);
    let (send, receive) = mpsc::channel::<(u64, u64, Tally)>();
    let broken = Mutex::new(None);
    thread::scope(|scope| {
        for _ in 0..jobs(effort.jobs, own.saturating_sub(kept.done).div_ceil(BLOCK)) {
            let (send, next, broken) = (send.clone(), &next, &broken);
            scope.spawn(move || {
                let worker = registry.subject(plan).map(|subject| Worker::new(campaign, &subject));
                match worker {
                    Some(Ok(mut worker)) => work(&mut worker, effort.shard, (next, own), end, &send),
                    _ => set(broken, Failure::Internal("the plan does not fit its algorithm".into())),
                }
            });
        }
        drop(send);
        let mut waiting = BTreeMap::new();
        loop {
            match receive.recv_timeout(Duration::from_millis(200)) {
                Ok((start, stop, tally)) => drop(waiting.insert(start, (stop, tally))),
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
            while let Some((stop, tally)) = waiting.remove(&kept.done) {
                kept.tally.merge(&tally);
                kept.done = stop;
            }
            teller.tell(&kept.tally);
            if let Err(failure) = shelf.put(&kept, false) {
                set(&broken, failure);
                break;
            }
        }
    });
    teller.finish();
    if let Some(failure) = broken.into_inner().unwrap_or(None) {
        return Err(failure);
    }
    shelf.put(&kept, true)?;
    Ok((share, kept.tally))
}

/// Makes one block of a share's runs after the other, until none is left or the time is over.
fn work(
    worker: &mut Worker<'_>,
    (index, count): (u64, u64),
    (next, own): (&AtomicU64, u64),
    end: Option<Instant>,
    send: &mpsc::Sender<(u64, u64, Tally)>,
) {
    // What was begun is ended: a block that is missing would be in the way of all behind it.
    while !interrupt::pressed() && end.is_none_or(|end| Instant::now() < end) {
        let start = next.fetch_add(BLOCK, Ordering::Relaxed);
        if start >= own {
            return;
        }
        let stop = own.min(start + BLOCK);
        let tally = worker.block((start..stop).map(|number| number * count + index));
        if send.send((start, stop, tally)).is_err() {
            return;
        }
    }
}

fn set(broken: &Mutex<Option<Failure>>, failure: Failure) {
    if let Ok(mut broken) = broken.lock() {
        broken.get_or_insert(failure);
    }
}

fn jobs(wanted: Option<NonZeroUsize>, most: u64) -> u64 {
    let available = || thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    (wanted.unwrap_or_else(available).get() as u64).min(most)
}

/// Looks at the runs in which properties are violated, and makes them smaller where that is wanted.
pub(super) fn look_closer(
    registry: &Registry,
    plan: &Plan,
    campaign: &Campaign,
    tally: &Tally,
    wanted: Option<NonZeroUsize>,
) -> Result<Vec<Found>, Failure> {
    let candidates: Vec<(usize, Candidate)> = tally.candidates().collect();
    let next = AtomicUsize::new(0);
    let found = Mutex::new(BTreeMap::new());
    thread::scope(|scope| {
        for _ in 0..jobs(wanted, candidates.len() as u64) {
            scope.spawn(|| {
                let worker = registry.subject(plan).map(|subject| Worker::new(campaign, &subject));
                let Some(Ok(mut worker)) = worker else { return };
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some((property, candidate)) = candidates.get(place) else { return };
                    let one = worker.found(*property, *candidate);
                    if let Ok(mut found) = found.lock() {
                        found.insert(place, one);
                    }
                }
            });
        }
    });
    let found = found.into_inner().map_err(|error| Failure::Internal(error.to_string()))?;
    let unread = |message: String| Failure::Internal(format!("a failure cannot be read again: {message}"));
    found.into_values().map(|one| one.map_err(|misfit| unread(misfit.message))).collect()
}

/// Where what was done is kept, if it is.
struct Shelf {
    file: Option<PathBuf>,
    written: Instant,
}

impl Shelf {
    fn open(effort: &Effort<'_>, identity: &Identity, share: &Share) -> Result<Self, Failure> {
        let written = Instant::now();
        let Some(folder) = effort.corpus else { return Ok(Self { file: None, written }) };
        fs::create_dir_all(folder).map_err(Failure::io(folder.display().to_string()))?;
        let text = serde_json::to_string(identity).map_err(|error| Failure::Internal(error.to_string()))?;
        let digest = blake3::hash(text.as_bytes()).to_hex();
        let index = share.of.first().copied().unwrap_or(0);
        let name = format!("{}-{index}-of-{}.json", &digest[..16], share.count);
        Ok(Self { file: Some(folder.join(name)), written })
    }

    /// What was done before, if that is not more than is wanted now.
    fn take(&self, own: u64) -> Option<Kept> {
        let text = fs::read(self.file.as_ref()?).ok()?;
        serde_json::from_slice::<Kept>(&text).ok().filter(|kept| kept.v == 1 && kept.done <= own)
    }

    /// Keeps what was done: now and then, or at once.
    fn put(&mut self, kept: &Kept, at_once: bool) -> Result<(), Failure> {
        let Some(file) = &self.file else { return Ok(()) };
        if !at_once && self.written.elapsed() < KEPT_EVERY {
            return Ok(());
        }
        self.written = Instant::now();
        let text = serde_json::to_vec(kept).map_err(|error| Failure::Internal(error.to_string()))?;
        // Whole or not at all, whenever the program is stopped.
        let fresh = file.with_extension("new");
        let written = fs::write(&fresh, text).and_then(|()| fs::rename(&fresh, file));
        written.map_err(Failure::io(file.display().to_string()))
    }
}

/// Tells on standard error how far it is.
struct Teller {
    bar: ProgressBar,
    /// Whether there are lines instead of a bar.
    lines: bool,
    started: Instant,
    told: Instant,
    /// How many runs were made before.
    before: u64,
    own: u64,
}

impl Teller {
    fn new(effort: &Effort<'_>, own: u64, tally: &Tally) -> Self {
        let terminal = stderr().is_terminal();
        let shown = effort.progress != Progress::Never && terminal;
        let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let template = if effort.runs.is_some() {
            "{bar:20} {pos}/{len} runs  {msg}  {elapsed}"
        } else {
            "{pos} runs  {msg}  {elapsed}"
        };
        let bar = ProgressBar::with_draw_target(Some(own), target);
        let bar = match ProgressStyle::with_template(template) {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        };
        let lines = effort.progress != Progress::Never && !terminal;
        let now = Instant::now();
        Self { bar, lines, started: now, told: now, before: tally.runs, own }
    }

    fn tell(&mut self, tally: &Tally) {
        let seconds = self.started.elapsed().as_secs_f64().max(0.001);
        let rate = (tally.runs - self.before) as f64 / seconds;
        let (orders, violating) = (&tally.orders, tally.violating());
        let about = if orders.is_exact() { "" } else { "about " };
        let told = format!("{rate:.0}/s  {about}{} orders  {violating} violating", orders.count());
        self.bar.set_position(tally.runs);
        self.bar.set_message(told.clone());
        if self.lines && self.told.elapsed() >= TOLD_EVERY {
            self.told = Instant::now();
            let of = if self.own < 1 << 40 { format!(" of {}", self.own) } else { String::new() };
            // Nothing can be said where stderr is closed.
            let _written = writeln!(stderr(), "{}{of} runs  {told}", tally.runs);
        }
    }

    fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
