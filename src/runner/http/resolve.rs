//! Names to addresses: /etc/hosts, then the servers of /etc/resolv.conf (RFC
//! 1035). The C library's own would load the system's modules into this static
//! program, whatever version they are for.

use super::connection::Patience;
use super::dns::{A, AAAA, ask};
use super::late;
use glowplug::sys::tree;
use std::io;
use std::net::{IpAddr, SocketAddr};

/// The addresses of a host, IPv4 first.
pub(super) fn addresses(host: &str, patience: Patience) -> io::Result<Vec<IpAddr>> {
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
        match ask_any(&servers, host, kind, patience) {
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

fn ask_any(servers: &[SocketAddr], host: &str, kind: u16, patience: Patience) -> io::Result<Vec<IpAddr>> {
    let mut error = late();
    for server in servers {
        match ask(*server, host, kind, patience) {
            Ok(addresses) => return Ok(addresses),
            Err(why) => {
                error = io::Error::new(why.kind(), format!("the name server {} fails: {why}", server.ip()));
            }
        }
    }
    Err(error)
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
}
