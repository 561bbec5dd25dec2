//! Settings of bonds and bridges, and what each back end calls them.

use super::plain::Plain;
use alloc::vec::Vec;

/// One setting of a link under cloud-init's name for it (network config v1):
/// `bond-mode`, `bridge_stp`. A bond's may be spelled with dashes or
/// underscores; some back ends of cloud-init see one spelling alone, so it is
/// kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: Plain,
    /// What it is set to.
    pub value: Setting,
}

/// The value of a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    /// On or off.
    Bool(bool),
    /// A number; of times the unit is the parameter's.
    Int(i64),
    /// A word.
    Text(Plain),
    /// Several, such as `eth0 50` for each port of a bridge.
    List(Vec<Plain>),
}

impl Parameter {
    /// Whether this is `name` (dashes between its words) after `stem`
    /// (`bond-`, `bond_`, `bridge_`), its words joined by `joint`.
    pub fn is(&self, stem: &str, name: &str, joint: u8) -> bool {
        self.name.strip_prefix(stem).is_some_and(|own| {
            let expected = name.bytes().map(|byte| if byte == b'-' { joint } else { byte });
            own.len() == name.len() && own.bytes().eq(expected)
        })
    }

    /// Whether this is the bond parameter `name`, however it is spelled.
    pub fn is_bond(&self, name: &str) -> bool {
        ["bond-", "bond_"].iter().any(|stem| {
            self.name.strip_prefix(stem).is_some_and(|own| {
                let dashes = own.bytes().map(|byte| if byte == b'_' { b'-' } else { byte });
                own.len() == name.len() && dashes.eq(name.bytes())
            })
        })
    }
}

/// A row of [`BOND`] or [`BRIDGE`]: the name after `bond-` or `bridge_`, then
/// the columns; `-` for what a back end has no word for.
pub type Row = [&'static str; 6];

/// Bond parameters. Columns: the name; netplan's; systemd-networkd's, with
/// `/ms` where it wants the unit; the place in ifcfg's `BONDING_OPTS`; the
/// place in a keyfile's `[bond]`. ifcfg, keyfiles and the kernel call them by
/// the name with underscores. (netplan's reference; systemd.netdev(5);
/// Documentation/networking/bonding.rst)
pub const BOND: &str = "\
mode                  mode                    Mode                    01 01 -
xmit-hash-policy      transmit-hash-policy    TransmitHashPolicy      02 03 -
miimon                mii-monitor-interval    MIIMonitorSec/ms        03 02 -
min-links             min-links               MinLinks                04 22 -
arp-interval          arp-interval            ARPIntervalSec/ms       05 17 -
arp-ip-target         arp-ip-target           -                       06 18 -
arp-validate          arp-validate            ARPValidate             07 19 -
ad-select             ad-select               AdSelect                08 13 -
num-grat-arp          gratuitous-arp          GratuitousARP           09 04 -
downdelay             down-delay              DownDelaySec/ms         10 05 -
updelay               up-delay                UpDelaySec/ms           11 06 -
lacp-rate             lacp-rate               LACPTransmitRate        12 20 -
fail-over-mac         fail-over-mac-policy    FailOverMACPolicy       13 07 -
primary               primary                 -                       14 09 -
primary-reselect      primary-reselect-policy PrimaryReselectPolicy   15 08 -
active-slave          -                       -                       -  10 -
ad-actor-sys-prio     -                       -                       -  11 -
ad-actor-system       -                       -                       -  12 -
ad-user-port-key      -                       -                       -  14 -
all-slaves-active     all-slaves-active       AllSlavesActive         -  15 -
arp-all-targets       arp-all-targets         ARPAllTargets           -  16 -
learn-packet-interval learn-packet-interval   LearnPacketIntervalSec  -  -  -
lp-interval           -                       -                       -  21 -
num-unsol-na          -                       -                       -  23 -
packets-per-slave     packets-per-slave       PacketsPerSlave         -  24 -
peer-notif-delay      -                       -                       -  25 -
resend-igmp           -                       -                       -  26 -
tlb-dynamic-lb        -                       -                       -  27 -
use-carrier           -                       -                       -  28 -
";

/// Bridge parameters. Columns: the name; netplan's; systemd-networkd's (of
/// `pathcost` and `portprio` in the port's file); Red Hat's ifcfg variable;
/// SUSE's; the place in a keyfile's `[bridge]`, by its netplan name. The rest
/// of brctl's, such as `maxwait`, is ifupdown's alone (bridge-utils-interfaces(5)).
pub const BRIDGE: &str = "\
ageing     ageing-time   AgeingTimeSec   AGEING BRIDGE_AGEINGTIME -
bridgeprio priority      Priority        PRIO   BRIDGE_PRIORITY   02
fd         forward-delay ForwardDelaySec -      -                 -
hello      hello-time    HelloTimeSec    -      -                 -
maxage     max-age       MaxAgeSec       -      -                 -
pathcost   path-cost     Cost            -      -                 -
portprio   port-priority Priority        -      -                 -
stp        stp           STP             STP    BRIDGE_STP        01
";

/// The rows of [`BOND`], [`BRIDGE`] or another such table, in their order.
pub fn rows(table: &'static str) -> impl Iterator<Item = Row> {
    table.lines().map(row)
}

#[inline(never)]
fn row(line: &'static str) -> Row {
    let mut row = ["-"; 6];
    for (column, word) in row.iter_mut().zip(line.split_ascii_whitespace()) {
        *column = word;
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_whole_and_said_once() {
        for table in [BOND, BRIDGE] {
            let mut names = Vec::new();
            for (line, row) in table.lines().zip(rows(table)) {
                assert_eq!(line.split_ascii_whitespace().count(), row.len(), "{line}");
                assert!(!names.contains(&row[0]), "{line}");
                names.push(row[0]);
            }
        }
    }

    #[test]
    fn spellings() {
        let parameter =
            |name: &str| Parameter { name: Plain::new(name).unwrap(), value: Setting::Bool(true) };
        let mixed = parameter("bond-lacp_rate");
        assert!(mixed.is("bond-", "lacp-rate", b'_') && !mixed.is("bond-", "lacp-rate", b'-'));
        assert!(!mixed.is("bond_", "lacp-rate", b'_') && mixed.is_bond("lacp-rate"));
        assert!(parameter("bond_lacp_rate").is("bond_", "lacp-rate", b'_'));
        assert!(!parameter("bridge_stp").is_bond("stp"));
    }
}
