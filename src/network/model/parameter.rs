//! Settings of bonds and bridges, and what each back end calls them.

use super::plain::Plain;
use alloc::vec::Vec;

/// One setting of a link. Those of a bond are called `bond-` and the name in
/// [`BOND`], those of a bridge `bridge_` and the name in [`BRIDGE`], whatever
/// the description's spelling; others keep their names.
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
    /// Whether this is `name` after `stem` (`bond-`, `bridge_`).
    pub fn is(&self, stem: &str, name: &str) -> bool {
        self.name.strip_prefix(stem) == Some(name)
    }
}

/// What follows `bond-`, `bridge_` and the like; `None`: the name is bare.
pub fn without_stem(written: &str) -> Option<&str> {
    ["bond-", "bond_", "bridge-", "bridge_"].iter().find_map(|stem| written.strip_prefix(stem))
}

/// The first column of the row of `table` that `written` is the name of:
/// that column or netplan's, its words joined by dashes or underscores, after
/// `bond-`, `bridge_` and the like or bare.
pub fn known(table: &'static str, written: &str) -> Option<&'static str> {
    let bare = match without_stem(written).unwrap_or(written) {
        // netplan took this spelling first.
        "gratuitious-arp" => "gratuitous-arp",
        "arp_ip_targets" | "arp-ip-target" => "arp-ip-targets",
        "learn_packet_interval" => "learn-packet-interval",
        bare => bare,
    };
    let is = |name: &str| {
        let dashes = bare.bytes().map(|byte| if byte == b'_' { b'-' } else { byte });
        bare.len() == name.len() && dashes.eq(name.bytes())
    };
    let found = rows(table).find(|[name, netplans, ..]| bare != "-" && (is(name) || is(netplans)));
    found.map(|[name, ..]| name)
}

/// The kernel's words for the values of bond parameters, each at the place of
/// its number (drivers/net/bonding/bond_options.c).
const WORDS: &str = "\
mode balance-rr active-backup balance-xor broadcast 802.3ad balance-tlb balance-alb
xmit-hash-policy layer2 layer3+4 layer2+3 encap2+3 encap3+4 vlan+srcmac
lacp-rate slow fast
ad-select stable bandwidth count
fail-over-mac none active follow
primary-reselect always better failure
arp-validate none active backup all filter filter_active filter_backup
arp-all-targets any all
";

/// The word for the value `number` of the bond parameter `name`.
pub fn word(name: &str, number: i64) -> Option<&'static str> {
    let mut words = WORDS.lines().map(str::split_ascii_whitespace).find_map(|mut words| {
        let own = words.next() == Some(name);
        own.then_some(words)
    })?;
    words.nth(usize::try_from(number).ok()?)
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
mode              mode                    Mode                         01 01 -
xmit-hash-policy  transmit-hash-policy    TransmitHashPolicy           02 03 -
miimon            mii-monitor-interval    MIIMonitorSec/ms             03 02 -
min-links         min-links               MinLinks                     04 22 -
arp-interval      arp-interval            ARPIntervalSec/ms            05 17 -
arp-ip-target     arp-ip-targets          ARPIPTargets                 06 18 -
arp-validate      arp-validate            ARPValidate                  07 19 -
ad-select         ad-select               AdSelect                     08 13 -
num-grat-arp      gratuitous-arp          GratuitousARP                09 04 -
downdelay         down-delay              DownDelaySec/ms              10 05 -
updelay           up-delay                UpDelaySec/ms                11 06 -
lacp-rate         lacp-rate               LACPTransmitRate             12 20 -
fail-over-mac     fail-over-mac-policy    FailOverMACPolicy            13 07 -
primary           primary                 -                            14 09 -
primary-reselect  primary-reselect-policy PrimaryReselectPolicy        15 08 -
active-slave      -                       -                            16 10 -
ad-actor-sys-prio -                       AdActorSystemPriority        17 11 -
ad-actor-system   -                       AdActorSystem                18 12 -
ad-user-port-key  -                       AdUserPortKey                19 14 -
all-slaves-active all-slaves-active       AllSlavesActive              20 15 -
arp-all-targets   arp-all-targets         ARPAllTargets                21 16 -
lp-interval       learn-packet-interval   LearnPacketIntervalSec       22 21 -
num-unsol-na      -                       -                            23 23 -
packets-per-slave packets-per-slave       PacketsPerSlave              24 24 -
peer-notif-delay  -                       PeerNotifyDelaySec/ms        25 25 -
resend-igmp       resend-igmp             ResendIGMP                   26 26 -
tlb-dynamic-lb    -                       DynamicTransmitLoadBalancing 27 27 -
use-carrier       -                       -                            28 28 -
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
    fn every_spelling_is_one_parameter() {
        for written in ["bond-lacp_rate", "bond_lacp_rate", "bond-lacp-rate", "lacp_rate", "lacp-rate"] {
            assert_eq!(known(BOND, written), Some("lacp-rate"), "{written}");
        }
        for (written, name) in [
            ("transmit-hash-policy", "xmit-hash-policy"),
            ("bond_xmit_hash_policy", "xmit-hash-policy"),
            ("gratuitious-arp", "num-grat-arp"),
            ("bond-arp_ip_target", "arp-ip-target"),
            ("arp-ip-targets", "arp-ip-target"),
            ("learn-packet-interval", "lp-interval"),
        ] {
            assert_eq!(known(BOND, written), Some(name), "{written}");
        }
        assert_eq!((known(BRIDGE, "bridge-stp"), known(BRIDGE, "forward_delay")), (Some("stp"), Some("fd")));
        assert_eq!((known(BOND, "warp-factor"), known(BOND, "-"), known(BOND, "")), (None, None, None));
    }

    #[test]
    fn numbers_have_words() {
        assert_eq!((word("mode", 4), word("mode", 7)), (Some("802.3ad"), None));
        assert_eq!((word("lacp-rate", 1), word("miimon", 1), word("mode", -1)), (Some("fast"), None, None));
    }
}
