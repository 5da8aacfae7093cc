//! What this computer and its network can do for live nodes, tried out, with a remedy for what does not work.

mod local;
mod network;

use serde::Serialize;
use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, SocketAddrV4},
    path::PathBuf,
    time::Duration,
};

/// The group that is tried when none is named: of the range that stays within an organisation, and nobody's
/// own.
pub const GROUP: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(239, 77, 7, 7), 17077);

/// What is to be examined.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wanted {
    /// The address whose ports are tried.
    pub listen: IpAddr,
    /// The ports that a node is to have.
    pub ports: Vec<u16>,
    /// The multicast group.
    pub group: SocketAddrV4,
    /// Where nodes are to save.
    pub folder: PathBuf,
}

/// What was tried.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// The addresses of this computer.
    Interface,
    /// A datagram to a group, sent and heard on one interface.
    Multicast,
    /// TCP and UDP between two sockets of this computer.
    Loopback,
    /// Whether a port is free.
    Port,
    /// Clocks.
    Clock,
    /// How long it takes until what was saved is on the disk.
    Storage,
}

/// What came of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Health {
    /// As it should be.
    Ok,
    /// It works, but somebody should know.
    Note,
    /// It does not work.
    Failed,
}

/// One thing that was tried.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Finding {
    /// What was tried.
    pub check: Check,
    /// On what: an interface, a port, a folder.
    pub subject: String,
    /// What came of it.
    pub health: Health,
    /// The same in words, with figures.
    pub says: String,
    /// What to do about it; each failure has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Finding {
    fn ok(check: Check, subject: impl Into<String>, says: impl Into<String>) -> Self {
        Self { check, subject: subject.into(), health: Health::Ok, says: says.into(), remedy: None }
    }

    fn note(check: Check, subject: impl Into<String>, says: impl Into<String>, remedy: &str) -> Self {
        let remedy = Some(remedy.to_owned());
        Self { health: Health::Note, remedy, ..Self::ok(check, subject, says) }
    }

    fn failed(check: Check, subject: impl Into<String>, says: impl Into<String>, remedy: &str) -> Self {
        Self { health: Health::Failed, ..Self::note(check, subject, says, remedy) }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Interface => "interface",
            Self::Multicast => "multicast",
            Self::Loopback => "loopback",
            Self::Port => "port",
            Self::Clock => "clock",
            Self::Storage => "storage",
        })
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Failed => "FAILED",
        })
    }
}

/// Tries everything out, in a second or two.
pub fn examine(wanted: &Wanted) -> Vec<Finding> {
    let mut findings = Vec::new();
    network::interfaces(wanted.group, &mut findings);
    network::loopback(&mut findings);
    for port in &wanted.ports {
        network::port(wanted.listen, *port, &mut findings);
    }
    local::clocks(&mut findings);
    local::storage(&wanted.folder, &mut findings);
    findings
}

/// A span of time with the two digits that matter.
fn span(time: Duration) -> String {
    let nanos = time.as_nanos();
    match nanos {
        0..1_000 => format!("{nanos} ns"),
        1_000..1_000_000 => format!("{:.1} µs", time.as_secs_f64() * 1e6),
        1_000_000..1_000_000_000 => format!("{:.1} ms", time.as_secs_f64() * 1e3),
        _ => format!("{:.1} s", time.as_secs_f64()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        fs,
        net::{TcpListener, UdpSocket},
    };

    fn healths(findings: &[Finding], check: Check) -> Vec<Health> {
        findings.iter().filter(|finding| finding.check == check).map(|finding| finding.health).collect()
    }

    fn wanted(ports: Vec<u16>, folder: PathBuf) -> Wanted {
        Wanted { listen: Ipv4Addr::LOCALHOST.into(), ports, group: GROUP, folder }
    }

    #[test]
    fn everything_is_tried_and_each_failure_has_a_remedy() {
        let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = |address: std::io::Result<std::net::SocketAddr>| address.expect("it is bound").port();
        let folder = std::env::temp_dir().join(format!("synod-doctor-{}", std::process::id()));
        let ports = vec![port(tcp.local_addr()), port(udp.local_addr())];
        let findings = examine(&wanted(ports.clone(), folder.clone()));
        assert!(!folder.exists(), "it leaves nothing behind");
        for check in [Check::Interface, Check::Multicast, Check::Loopback, Check::Clock, Check::Storage] {
            assert!(!healths(&findings, check).is_empty(), "{check}");
        }
        assert_eq!(healths(&findings, Check::Loopback), [Health::Ok; 2]);
        assert_eq!(healths(&findings, Check::Storage), [Health::Ok]);
        use Health::{Failed, Ok};
        assert_eq!(healths(&findings, Check::Port), [Failed, Ok, Ok, Failed], "{findings:?}");
        for finding in &findings {
            assert_eq!(finding.health == Health::Ok, finding.remedy.is_none(), "{finding:?}");
        }
    }

    #[test]
    fn a_folder_that_cannot_be_used_fails() {
        let file = std::env::temp_dir().join(format!("synod-doctor-file-{}", std::process::id()));
        fs::write(&file, "").expect("it can be written");
        let mut findings = Vec::new();
        local::storage(&file.join("below"), &mut findings);
        fs::remove_file(&file).expect("it is there");
        assert_eq!(healths(&findings, Check::Storage), [Health::Failed]);
    }

    #[test]
    fn what_is_no_group_cannot_be_joined() {
        let mut findings = Vec::new();
        let host = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 17077);
        network::interfaces(host, &mut findings);
        assert!(healths(&findings, Check::Multicast).iter().all(|health| *health == Health::Failed));
    }

    #[test]
    fn spans_are_short() {
        let spans = [7, 70_000, 7_000_000, 7_000_000_000].map(|nanos| span(Duration::from_nanos(nanos)));
        assert_eq!(spans, ["7 ns", "70.0 µs", "7.0 ms", "7.0 s"]);
    }
}
