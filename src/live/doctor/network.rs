//! Interfaces, multicast on each of them, sockets and ports.

use super::{Check, Finding, span};
use if_addrs::{IfAddr, Interface, get_if_addrs};
use socket2::{Domain, Protocol, Socket, Type};
use std::{
    io::{self, Read, Write},
    net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream, UdpSocket},
    time::{Duration, Instant},
};

/// How long a datagram to this very computer may take.
const PATIENCE: Duration = Duration::from_millis(500);
const BY_PEER: &str =
    "use --peer NAME=HOST:PORT instead of discovery here, or allow multicast and IGMP in the firewall";

/// Every address of this computer, and multicast on those that can have it.
pub(super) fn interfaces(group: SocketAddrV4, findings: &mut Vec<Finding>) {
    let interfaces = match get_if_addrs() {
        Ok(interfaces) => interfaces,
        Err(error) => {
            let remedy = "name addresses with --listen and --peer";
            let says = format!("interfaces cannot be listed: {error}");
            return findings.push(Finding::failed(Check::Interface, "all", says, remedy));
        }
    };
    if !interfaces.iter().any(Interface::is_loopback) {
        let remedy = "bring it up: `ip link set lo up`";
        findings.push(Finding::failed(Check::Interface, "loopback", "there is no loopback address", remedy));
    }
    if interfaces.iter().all(|interface| interface.is_loopback() || interface.is_link_local()) {
        let remedy = "connect to a network for nodes on other computers; `synod live --all` needs none";
        findings.push(Finding::note(
            Check::Interface,
            "network",
            "only loopback: nobody else can be reached",
            remedy,
        ));
    }
    for interface in &interfaces {
        let kind = match (interface.is_loopback(), interface.is_link_local()) {
            (true, _) => "loopback",
            (false, true) => "this link only",
            (false, false) => "network",
        };
        let subject = format!("{} {}", interface.name, interface.ip());
        findings.push(if interface.is_oper_up() || interface.is_loopback() {
            Finding::ok(Check::Interface, subject, kind)
        } else {
            Finding::note(
                Check::Interface,
                subject,
                format!("{kind}, but down"),
                "bring the interface up to use it",
            )
        });
    }
    for interface in interfaces.iter().filter(|interface| interface.is_oper_up() || interface.is_loopback()) {
        if let IfAddr::V4(address) = &interface.addr {
            findings.push(multicast(&interface.name, address.ip, group));
        }
    }
}

/// Joins the group on one interface, says something there and waits to hear it.
fn multicast(name: &str, interface: Ipv4Addr, group: SocketAddrV4) -> Finding {
    let subject = format!("{name} {interface} {group}");
    match hear_oneself(interface, group) {
        Ok(time) => Finding::ok(Check::Multicast, subject, format!("sent and heard in {}", span(time))),
        Err(error) => {
            let says = match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                    format!("sent, but not heard within {}", span(PATIENCE))
                }
                _ => plain(&error),
            };
            Finding::failed(Check::Multicast, subject, says, BY_PEER)
        }
    }
}

fn hear_oneself(interface: Ipv4Addr, group: SocketAddrV4) -> io::Result<Duration> {
    let receiver = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    receiver.set_reuse_address(true)?;
    receiver.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, group.port())).into())?;
    receiver.join_multicast_v4(group.ip(), &interface)?;
    // Otherwise what came in on another interface, for another program, would count.
    #[cfg(target_os = "linux")]
    receiver.set_multicast_all_v4(false)?;
    let receiver = UdpSocket::from(receiver);
    let sender = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    sender.set_multicast_if_v4(&interface)?;
    sender.set_multicast_ttl_v4(1)?;
    sender.set_multicast_loop_v4(true)?;
    let sender = UdpSocket::from(sender);
    let mut nonce = [0; 16];
    getrandom::fill(&mut nonce).map_err(|error| io::Error::other(error.to_string()))?;
    let started = Instant::now();
    sender.send_to(&nonce, group)?;
    let mut buffer = [0; 64];
    loop {
        let left = PATIENCE.saturating_sub(started.elapsed());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        receiver.set_read_timeout(Some(left))?;
        // Others may use the same group.
        if receiver.recv(&mut buffer)? == nonce.len() && buffer.starts_with(&nonce) {
            return Ok(started.elapsed());
        }
    }
}

/// TCP and UDP between two sockets of this computer.
pub(super) fn loopback(findings: &mut Vec<Finding>) {
    let remedy = "allow connections to 127.0.0.1 in the firewall or sandbox; without them no node runs here";
    for (name, round_trip) in [("TCP", tcp as fn() -> io::Result<Duration>), ("UDP", udp)] {
        findings.push(match round_trip() {
            Ok(time) => Finding::ok(Check::Loopback, name, format!("a round trip takes {}", span(time))),
            Err(error) => Finding::failed(Check::Loopback, name, plain(&error), remedy),
        });
    }
}

fn tcp() -> io::Result<Duration> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let mut client = TcpStream::connect_timeout(&listener.local_addr()?, PATIENCE)?;
    let (mut server, _) = listener.accept()?;
    for stream in [&client, &server] {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
    }
    let started = Instant::now();
    let mut byte = [7];
    client.write_all(&byte)?;
    server.read_exact(&mut byte)?;
    server.write_all(&byte)?;
    client.read_exact(&mut byte)?;
    Ok(started.elapsed())
}

fn udp() -> io::Result<Duration> {
    let sockets = [UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?, UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?];
    let [client, server] = &sockets;
    for socket in &sockets {
        socket.set_read_timeout(Some(PATIENCE))?;
    }
    let started = Instant::now();
    let mut byte = [7];
    client.send_to(&byte, server.local_addr()?)?;
    let (_, from) = server.recv_from(&mut byte)?;
    server.send_to(&byte, from)?;
    client.recv(&mut byte)?;
    Ok(started.elapsed())
}

/// Whether a port is free, for TCP and for UDP.
pub(super) fn port(listen: IpAddr, port: u16, findings: &mut Vec<Finding>) {
    let address = SocketAddr::new(listen, port);
    let tcp = TcpListener::bind(address).map(drop);
    let udp = UdpSocket::bind(address).map(drop);
    for (name, bound) in [("TCP", tcp), ("UDP", udp)] {
        let subject = format!("{name} {address}");
        findings.push(match bound {
            Ok(()) => Finding::ok(Check::Port, subject, "free"),
            Err(error) => {
                let remedy = match error.kind() {
                    io::ErrorKind::AddrInUse => {
                        "choose another port, or end the program that has it (`ss -lntup` lists them)"
                    }
                    io::ErrorKind::PermissionDenied => "choose a port above 1023",
                    io::ErrorKind::AddrNotAvailable => {
                        "choose an address of this computer: see the interfaces above"
                    }
                    _ => "choose another port or address",
                };
                Finding::failed(Check::Port, subject, plain(&error), remedy)
            }
        });
    }
}

/// What the operating system says, without its number for it.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    text.split_once(" (os error").map_or(text.clone(), |(sentence, _)| sentence.to_lowercase())
}
