//! `synod doctor`: what this computer and its network can do for live nodes.

use super::{
    exit::{Exit, Failure},
    output::{Output, Tone, counted, paint, versioned},
};
use crate::live::doctor::{Finding, GROUP, Health, Wanted, examine};
use clap::{Args, ValueEnum, ValueHint};
use serde::Serialize;
use std::{
    net::{IpAddr, SocketAddrV4},
    path::PathBuf,
};

#[derive(Debug, Args)]
pub(super) struct Doctor {
    /// A port that a node is to have; may be given several times
    #[arg(long = "port", value_name = "PORT")]
    ports: Vec<u16>,
    /// The address whose ports are tried
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    listen: IpAddr,
    /// The multicast group that is tried on every interface
    #[arg(long, value_name = "ADDRESS:PORT", default_value_t = GROUP)]
    group: SocketAddrV4,
    /// Where nodes are to save
    #[arg(long, value_name = "DIR", default_value = ".", value_hint = ValueHint::DirPath)]
    dir: PathBuf,
    /// How results are written
    #[arg(long, value_enum, default_value = "human", value_name = "FORMAT")]
    format: Findings,
    /// Short for --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
}

impl Doctor {
    fn is_json(&self) -> bool {
        self.json || self.format == Findings::Json
    }
}

/// How findings are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Findings {
    /// Text
    Human,
    /// One JSON document
    Json,
}

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
