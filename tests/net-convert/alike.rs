//! What our files have otherwise than cloud-init's in every description, and
//! mean to: it is put back before the two are compared.

use super::Files;

/// Files as cloud-init would have them:
/// - a NIC found by its MAC address that was given no name is told by its name
///   too there, so that it has no network where udev renames it;
/// - a profile of NetworkManager without a family there is one that asks for a
///   lease; here what nothing is asked of says so;
/// - ifupdown has no option `mtu` beside a lease, and IPv6's is for packets of IPv6: a command sets
///   the link's;
/// - ifupdown reads `accept_ra` (interfaces(5)), not `accept-ra`.
pub(crate) fn as_cloud_init(back_end: &str, files: &Files) -> Files {
    let changed = |(path, text): (&String, &String)| {
        let text = match back_end {
            "networkd" => networkd(path, text),
            "network-manager" => without_idle_families(text),
            "netplan" => netplan(text),
            "eni" => mtu_as_option(&text.replace("    accept_ra ", "    accept-ra ")),
            _ => text.clone(),
        };
        (path.clone(), text)
    };
    files.iter().map(changed).collect()
}

/// Options stand in the order of their names.
fn mtu_as_option(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let Some(mtu) = line.strip_prefix("    pre-up ip link set dev $IFACE mtu ") else {
            lines.push(line.into());
            continue;
        };
        let stands_after = |line: &String| line.starts_with("    ") && &**line > "    mtu ";
        let at = lines.iter().rposition(|line| !stands_after(line)).map_or(0, |at| at + 1);
        lines.insert(at, format!("    mtu {mtu}"));
    }
    let mut text = lines.join("\n");
    text.push('\n');
    text
}

fn networkd(path: &str, text: &str) -> String {
    let name = path.rsplit("10-cloud-init-").next().and_then(|name| name.strip_suffix(".network"));
    match (name, text.split_once("[Match]\nMACAddress=")) {
        (Some(name), Some((before, after))) if !after.contains("\nName=") => {
            let (mac, rest) = after.split_once('\n').unwrap();
            format!("{before}[Match]\nMACAddress={mac}\nName={name}\n{rest}")
        }
        _ => text.into(),
    }
}

fn without_idle_families(text: &str) -> String {
    let idle = ["[ipv4]\nmethod=disabled", "[ipv6]\nmethod=ignore", "[ipv6]\nmethod=disabled"];
    text.split("\n\n").filter(|section| !idle.contains(section)).collect::<Vec<_>>().join("\n\n")
}

/// Ends the mapping of each NIC that is matched and has no `set-name`.
fn netplan(text: &str) -> String {
    let mut out = String::new();
    let (mut name, mut matched) = (None, false);
    let end = |out: &mut String, name: Option<&str>, matched: bool| {
        if let (Some(name), true) = (name, matched) {
            // wakeonlan comes after it.
            let line = format!("            set-name: {name}\n");
            let at = out.strip_suffix("            wakeonlan: true\n").map_or(out.len(), str::len);
            out.insert_str(at, &line);
        }
    };
    for line in text.lines() {
        if !line.starts_with("         ") {
            end(&mut out, name, matched);
            matched = false;
            name = line.strip_prefix("        ").and_then(|line| line.split(':').next());
        }
        matched = (matched || line == "            match:") && !line.starts_with("            set-name:");
        out.push_str(line);
        out.push('\n');
    }
    end(&mut out, name, matched);
    out
}
