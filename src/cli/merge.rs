//! `merge`: the reports of all shares of a search become that of one.

use super::{
    args::Merge,
    exit::{Exit, Failure},
    files, found,
    output::Output,
};
use crate::{explore::campaign::Report, registry::Registry};
use std::path::Path;

/// Puts reports together.
pub(super) fn merge(registry: &Registry, wanted: &Merge, output: &mut Output) -> Result<Exit, Failure> {
    let mut whole: Option<Report> = None;
    for path in &wanted.reports {
        let report = read(path)?;
        match &mut whole {
            None => whole = Some(report),
            Some(whole) => whole
                .merge(&report)
                .map_err(|mismatch| Failure::Usage(format!("{}: {mismatch}", files::name(path))))?,
        }
    }
    let Some(report) = whole else { return Err(Failure::Nothing("there is no report".into())) };
    if let Some(share) = &report.share {
        let missing: Vec<String> = (0..share.count)
            .filter(|share_of| !share.of.contains(share_of))
            .map(|share| share.to_string())
            .collect();
        output.warn(&format!(
            "this is not the whole: of {} shares, {} are missing",
            share.count,
            missing.join(", ")
        ));
    }
    let written = match &wanted.out {
        Some(folder) => found::write(registry, &report, folder)?,
        None => Vec::new(),
    };
    found::show(&report, &report.campaign.name, &written, wanted.format, output)?;
    Ok(found::exit(&report))
}

fn read(path: &Path) -> Result<Report, Failure> {
    let text = files::read(path)?;
    let report: Report = serde_json::from_slice(&text).map_err(|error| {
        Failure::Usage(format!("{}: this is no report of `fuzz --json`: {error}", files::name(path)))
    })?;
    if report.v != 1 {
        let sentence =
            format!("{}: this synod reads version 1 of reports, not {}", files::name(path), report.v);
        return Err(Failure::Usage(sentence));
    }
    Ok(report)
}
