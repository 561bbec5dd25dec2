//! Names to addresses: /etc/hosts, then the servers of /etc/resolv.conf (RFC
//! 1035). The C library's own would load the system's modules into this static
//! program, whatever version they are for.

use super::{late, left};
use glowplug::sys::tree;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

/// How long one server is waited for.
const PATIENCE: Duration = Duration::from_secs(3);

/// Types of records.
const A: u16 = 1;
const AAAA: u16 = 28;

/// The addresses of a host, IPv4 first.
pub(super) fn addresses(host: &str, deadline: Instant) -> io::Result<Vec<IpAddr>> {
    if let Ok(address) = host.parse() {
        return Ok(vec![address]);
    }
    let read = |path| tree::text(path).unwrap_or_default();
    let found = in_hosts(&read("/etc/hosts"), host);
    if !found.is_empty() {
        return Ok(found);
    }
    let servers = servers(&read("/etc/resolv.conf"));
    if servers.is_empty() {
        return Err(io::Error::other(format!(
            "{host} is not in /etc/hosts, and /etc/resolv.conf names no server"
        )));
    }
    let mut found = Vec::new();
    let mut error = None;
    for kind in [A, AAAA] {
        match ask_any(&servers, host, kind, deadline) {
            Ok(addresses) => found.extend(addresses),
            Err(why) => error = Some(why),
        }
    }
    match error {
        Some(error) if found.is_empty() => Err(error),
        _ if found.is_empty() => Err(io::Error::other(format!("there is no host {host}"))),
        _ => Ok(found),
    }
}

fn in_hosts(text: &str, host: &str) -> Vec<IpAddr> {
    let line = |line: &str| {
        let mut words = line.split('#').next()?.split_ascii_whitespace();
        let address = words.next()?.parse().ok()?;
        words.any(|name| name.eq_ignore_ascii_case(host)).then_some(address)
    };
    text.lines().filter_map(line).collect()
}

fn servers(text: &str) -> Vec<SocketAddr> {
    let line = |line: &str| {
        let mut words = line.split_ascii_whitespace();
        (words.next()? == "nameserver").then_some(())?;
        let address = words.next()?.split('%').next()?.parse::<IpAddr>().ok()?;
        Some(SocketAddr::new(address, 53))
    };
    text.lines().filter_map(line).take(3).collect()
}

fn ask_any(servers: &[SocketAddr], host: &str, kind: u16, deadline: Instant) -> io::Result<Vec<IpAddr>> {
    let mut error = late();
    for server in servers {
        match ask(*server, host, kind, deadline) {
            Ok(addresses) => return Ok(addresses),
            Err(why) => {
                error = io::Error::new(why.kind(), format!("the name server {} fails: {why}", server.ip()));
            }
        }
    }
    Err(error)
}

fn ask(server: SocketAddr, host: &str, kind: u16, deadline: Instant) -> io::Result<Vec<IpAddr>> {
    let any: SocketAddr =
        if server.is_ipv4() { (Ipv4Addr::UNSPECIFIED, 0).into() } else { (Ipv6Addr::UNSPECIFIED, 0).into() };
    let socket = UdpSocket::bind(any)?;
    socket.connect(server)?;
    // A number nobody else can know is the port that the kernel chose.
    let id = socket.local_addr()?.port() ^ 0x5a5a ^ kind;
    socket.send(&question(id, host, kind)?)?;
    let mut answer = [0; 1500];
    let until = deadline.min(Instant::now() + PATIENCE);
    loop {
        socket.set_read_timeout(Some(left(until)?))?;
        let length = match socket.recv(&mut answer) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Err(late()),
            length => length?,
        };
        let answer = &answer[..length];
        if answer.starts_with(&id.to_be_bytes()) {
            return records(answer, kind).ok_or_else(|| io::Error::other("its answer makes no sense"));
        }
    }
}

/// A question for the records of a kind.
fn question(id: u16, host: &str, kind: u16) -> io::Result<Vec<u8>> {
    let mut bytes = id.to_be_bytes().to_vec();
    // Recursion is wanted; one question.
    bytes.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    for label in host.trim_end_matches('.').split('.') {
        let length = u8::try_from(label.len()).ok().filter(|length| (1..64).contains(length));
        bytes.push(length.ok_or_else(|| io::Error::other(format!("{host} is no host name")))?);
        bytes.extend(label.as_bytes());
    }
    bytes.push(0);
    bytes.extend(kind.to_be_bytes());
    bytes.extend([0, 1]);
    Ok(bytes)
}

/// The addresses in an answer; `None` for one that is torn or refused. A name
/// that does not exist has none.
fn records(answer: &[u8], kind: u16) -> Option<Vec<IpAddr>> {
    let number = |at: usize| Some(u16::from_be_bytes(*answer.get(at..)?.first_chunk::<2>()?));
    let code = answer.get(3)? & 15;
    if code == 3 {
        return Some(Vec::new());
    }
    if code != 0 {
        return None;
    }
    let (questions, count) = (number(4)?, number(6)?);
    let mut at = 12;
    for _ in 0..questions {
        at = after_name(answer, at)? + 4;
    }
    let mut found = Vec::new();
    for _ in 0..count {
        at = after_name(answer, at)?;
        let (own, length) = (number(at)?, usize::from(number(at + 8)?));
        let data = answer.get(at + 10..at + 10 + length)?;
        at += 10 + length;
        if own == kind {
            found.push(match own {
                A => IpAddr::from(<[u8; 4]>::try_from(data).ok()?),
                _ => IpAddr::from(<[u8; 16]>::try_from(data).ok()?),
            });
        }
    }
    Some(found)
}

/// Where what follows the name at `at` begins.
fn after_name(answer: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match *answer.get(at)? {
            0 => return Some(at + 1),
            // The rest of the name stands elsewhere.
            length if length >= 0xc0 => return Some(at + 2),
            length => at += 1 + usize::from(length),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_servers_are_read() {
        let hosts = "127.0.0.1 localhost # me\n::1 localhost ip6\nbad line\n10.0.0.1\tMirror m\n";
        assert_eq!(in_hosts(hosts, "mirror"), ["10.0.0.1".parse::<IpAddr>().unwrap()]);
        assert_eq!(in_hosts(hosts, "localhost").len(), 2);
        let found = servers("# x\nnameserver 10.0.0.2\nsearch a\nnameserver fe80::1%eth0\nnameserver x\n");
        assert_eq!(found, ["10.0.0.2:53".parse().unwrap(), "[fe80::1]:53".parse::<SocketAddr>().unwrap()]);
    }

    #[test]
    fn a_server_is_asked_and_answers() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let server = socket.local_addr().unwrap();
        let thread = std::thread::spawn(move || {
            let mut bytes = [0; 512];
            let (length, from) = socket.recv_from(&mut bytes).unwrap();
            let asked = bytes[12..length].to_vec();
            let mut answer = bytes[..2].to_vec();
            answer.extend([0x81, 0x80, 0, 1, 0, 2, 0, 0, 0, 0]);
            answer.extend(&asked);
            // an alias, then the address
            answer.extend([0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 9, 0, 3, 1, b'a', 0]);
            answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 10, 1, 2, 3]);
            socket.send_to(&answer, from).unwrap();
            asked
        });
        let deadline = Instant::now() + Duration::from_secs(5);
        let found = ask(server, "a.example", A, deadline).unwrap();
        assert_eq!(found, ["10.1.2.3".parse::<IpAddr>().unwrap()]);
        assert_eq!(thread.join().unwrap(), b"\x01a\x07example\0\0\x01\0\x01");
    }

    #[test]
    fn a_torn_answer_is_none() {
        assert_eq!(records(&[0, 1, 0x81, 0x83, 0, 1, 0, 0], A), Some(Vec::new()));
        assert_eq!(records(&[0, 1, 0x81, 0x82], A), None);
        assert_eq!(records(&[0, 1, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0, 5, b'a'], A), None);
        assert!(question(1, "a..b", A).is_err() && question(1, &"x".repeat(64), A).is_err());
    }
}
