//! `synod doctor`: what this computer and its network can do for live nodes.

use super::{
    args::Doctor,
    exit::{Exit, Failure},
    output::{Output, Tone, counted, paint, versioned},
};
use crate::live::doctor::{Finding, Health, Wanted, examine};
use serde::Serialize;

#[derive(Serialize)]
struct Report<'a> {
    failed: usize,
    findings: &'a [Finding],
}

/// Tries everything out and says what does not work, and what to do about it.
pub(super) fn doctor(wanted: &Doctor, output: &mut Output) -> Result<Exit, Failure> {
    if !wanted.group.ip().is_multicast() {
        let group = wanted.group.ip();
        return Err(Failure::Usage(format!(
            "{group} is no multicast group: those are 224.0.0.0 to 239.255.255.255"
        )));
    }
    let findings = examine(&Wanted {
        listen: wanted.listen,
        ports: wanted.ports.clone(),
        group: wanted.group,
        folder: wanted.dir.clone(),
    });
    let failed = findings.iter().filter(|finding| finding.health == Health::Failed).count();
    if wanted.is_json() {
        output.line(versioned(&Report { failed, findings: &findings })?)?;
    } else {
        tell(&findings, failed, output)?;
    }
    Ok(if failed == 0 { Exit::Held } else { Exit::Violated })
}

fn tell(findings: &[Finding], failed: usize, output: &mut Output) -> Result<(), Failure> {
    let width = findings.iter().map(|finding| finding.subject.chars().count()).max().unwrap_or(0);
    for Finding { check, subject, health, says, remedy } in findings {
        let tone = match health {
            Health::Ok => Tone::Good,
            Health::Note => Tone::Doubtful,
            Health::Failed => Tone::Bad,
        };
        output
            .line(format!("{}  {check:9}  {subject:width$}  {says}", paint(tone, &format!("{health:6}"))))?;
        if let Some(remedy) = remedy {
            output.line(format!("        {remedy}"))?;
        }
    }
    let tried = counted(u64::try_from(findings.len()).unwrap_or(u64::MAX), "thing");
    output.line(match failed {
        0 => format!("{tried} tried; all work"),
        failed => format!("{tried} tried; {failed} failed"),
    })
}
