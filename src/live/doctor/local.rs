//! Clocks, and how long it takes until something is on the disk.

use super::{Check, Finding, span};
use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// Timers that are coarser than this make short delays of a scenario meaningless.
const RESOLUTION_MAX: Duration = Duration::from_millis(1);
/// How long the two clocks are compared.
const COMPARED: Duration = Duration::from_millis(250);
/// By how much they may disagree meanwhile: more than slewing does, less than a step.
const STEP_MAX: Duration = Duration::from_millis(5);
/// A wall clock that is before this was never set: 1 January 2025.
const NEVER_SET: Duration = Duration::from_secs(1_735_689_600);
/// A save that takes longer holds up every message that waits for it.
const SAVE_SLOW: Duration = Duration::from_millis(50);
const SAVES: usize = 9;

/// The monotonic clock that timers use, and the wall clock that tells one start of a node from the next.
pub(super) fn clocks(findings: &mut Vec<Finding>) {
    let resolution = resolution();
    let says = format!("its smallest step is {}", span(resolution));
    findings.push(if resolution <= RESOLUTION_MAX {
        Finding::ok(Check::Clock, "monotonic", says)
    } else {
        let remedy = "use delays of many milliseconds in scenarios for this computer";
        Finding::failed(Check::Clock, "monotonic", says, remedy)
    });
    findings.push(wall());
    let late = lateness();
    findings.push(Finding::ok(Check::Clock, "timers", format!("a wait of 1 ms ends {} late", span(late))));
}

/// The smallest difference that the monotonic clock shows.
fn resolution() -> Duration {
    let step = || {
        let start = Instant::now();
        std::iter::repeat_with(|| start.elapsed()).find(|elapsed| !elapsed.is_zero()).unwrap_or_default()
    };
    (0..1000).map(|_| step()).min().unwrap_or_default()
}

fn lateness() -> Duration {
    const WAIT: Duration = Duration::from_millis(1);
    let waited = (0..5).map(|_| {
        let start = Instant::now();
        thread::sleep(WAIT);
        start.elapsed().saturating_sub(WAIT)
    });
    waited.max().unwrap_or_default()
}

/// The wall clock: it was set, and it keeps step with the monotonic one.
fn wall() -> Finding {
    let before = (SystemTime::now(), Instant::now());
    thread::sleep(COMPARED);
    let after = (SystemTime::now(), Instant::now());
    let set = "set the clock and keep it with NTP (`timedatectl set-ntp true`)";
    let since = before.0.duration_since(UNIX_EPOCH).unwrap_or_default();
    if since < NEVER_SET {
        let says = "it was never set: it says a time before 2025";
        return Finding::failed(Check::Clock, "wall", says, set);
    }
    judge(after.0.duration_since(before.0), after.1 - before.1)
}

/// How the wall clock went while the monotonic one went this far.
fn judge(wall: Result<Duration, std::time::SystemTimeError>, monotonic: Duration) -> Finding {
    let remedy = "it is being set by steps: let NTP slew it instead; timers are not concerned, but a node that \
                  starts after a step back is refused by closed groups";
    let Ok(wall) = wall else {
        return Finding::failed(Check::Clock, "wall", "it went back while it was watched", remedy);
    };
    let apart = wall.abs_diff(monotonic);
    let says = format!("it went {} apart from the monotonic one in {}", span(apart), span(monotonic));
    if apart > STEP_MAX {
        return Finding::failed(Check::Clock, "wall", says, remedy);
    }
    Finding::ok(Check::Clock, "wall", says)
}

/// How long it takes to save, as a node does.
pub(super) fn storage(folder: &Path, findings: &mut Vec<Finding>) {
    let subject = folder.display().to_string();
    let made = first_missing(folder);
    let measured = saves(folder);
    // What was made for this is taken away; a folder that somebody else uses meanwhile stays.
    if let Some(made) = made {
        for made in folder.ancestors().take_while(|part| part.starts_with(&made)) {
            let _kept = fs::remove_dir(made);
        }
    }
    findings.push(match measured {
        Ok(mut times) => {
            times.sort();
            let (median, worst) = (times[times.len() / 2], times[times.len() - 1]);
            let says = format!("a save takes {}, at worst {}", span(median), span(worst));
            if median > SAVE_SLOW {
                let remedy = "put the folder on a local disk: a node waits for each save before it sends";
                Finding::note(Check::Storage, subject, says, remedy)
            } else {
                Finding::ok(Check::Storage, subject, says)
            }
        }
        Err(error) => {
            let remedy = "choose a folder that may be written, on a disk with space";
            Finding::failed(Check::Storage, subject, error.to_string(), remedy)
        }
    });
}

/// The uppermost of the folders that are not there.
fn first_missing(folder: &Path) -> Option<PathBuf> {
    let missing = folder.ancestors().take_while(|part| !part.as_os_str().is_empty() && !part.exists());
    missing.last().map(Path::to_owned)
}

fn saves(folder: &Path) -> io::Result<Vec<Duration>> {
    fs::create_dir_all(folder)?;
    let name = format!("doctor-{}", std::process::id());
    let (path, beside) = (folder.join(&name), folder.join(format!("{name}.new")));
    let times = (0..SAVES).map(|_| save(folder, &path, &beside)).collect();
    for file in [&path, &beside] {
        let _gone = fs::remove_file(file);
    }
    times
}

fn save(folder: &Path, path: &Path, beside: &Path) -> io::Result<Duration> {
    let start = Instant::now();
    let mut file = File::create(beside)?;
    file.write_all(&[b'x'; 4096])?;
    file.sync_all()?;
    drop(file);
    fs::rename(beside, path)?;
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(start.elapsed())
}

#[cfg(test)]
mod tests {
    use super::{super::Health, *};

    #[test]
    fn a_step_of_the_wall_clock_is_noticed() {
        let second = Duration::from_secs(1);
        assert_eq!(judge(Ok(second + Duration::from_millis(1)), second).health, Health::Ok);
        assert_eq!(judge(Ok(second + Duration::from_millis(6)), second).health, Health::Failed);
        assert_eq!(judge(Ok(Duration::ZERO), second).health, Health::Failed);
        let back = UNIX_EPOCH.duration_since(UNIX_EPOCH + second);
        assert_eq!(judge(back, second).health, Health::Failed);
    }

    #[test]
    fn folders_that_were_made_are_taken_away_and_others_stay() {
        let root = std::env::temp_dir().join(format!("synod-doctor-folders-{}", std::process::id()));
        fs::create_dir_all(&root).expect("it can be made");
        let mut findings = Vec::new();
        storage(&root.join("a/b/c"), &mut findings);
        storage(&root, &mut findings);
        assert_eq!(findings.iter().map(|finding| finding.health).collect::<Vec<_>>(), [Health::Ok; 2]);
        assert!(root.exists() && fs::read_dir(&root).expect("it is there").next().is_none());
        fs::remove_dir(&root).expect("it is empty");
    }
}
