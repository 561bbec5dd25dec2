//! Addresses and what comes with them.

use super::{Files, route};
use crate::network::model::{Control, Method, Prefix, Subnet};
use crate::network::render::concat;
use crate::network::render::section::Section;
use crate::network::render::text::{domains, prefix};
use alloc::string::{String, ToString};

/// Name servers that ifcfg knows for one link.
const SERVERS: usize = 3;

impl Files<'_, '_> {
    /// Writes the subnets of a link.
    #[inline(never)]
    pub(super) fn subnets(&self, file: &mut Section, subnets: &[Subnet]) {
        if self.suse && file.get("BRIDGE").is_some() {
            file.remove("BRIDGE");
            file.set_all("BOOTPROTO=dhcp");
        } else {
            file.set("BOOTPROTO", self.name("none", "static"));
        }
        for subnet in subnets {
            self.method(file, subnet);
        }
        let (mut ipv4, mut ipv6) = (0, 0);
        for subnet in subnets {
            if !self.suse {
                self.settings(file, subnet);
            }
            match subnet.address() {
                Some(address) if address.is_ipv6() => {
                    self.ipv6(file, ipv6, address);
                    ipv6 += 1;
                }
                Some(address) => {
                    ipv4_address(file, ipv4, address);
                    ipv4 += 1;
                }
                None => {}
            }
        }
        if !self.suse {
            route::defaults(file, subnets);
        }
    }

    /// How addresses are got, and when.
    #[inline(never)]
    fn method(&self, file: &mut Section, subnet: &Subnet) {
        if self.suse {
            lease(file, &subnet.method);
        } else {
            file.set_all(variables(&subnet.method));
        }
        let (key, manual) = if self.suse { ("STARTMODE", "manual") } else { ("ONBOOT", "no") };
        match subnet.method {
            Method::Manual if !self.suse => {
                // Brought up for the packets' size or routes alone.
                let up = file.get("MTU").is_some() || !subnet.routes.is_empty();
                file.set("ONBOOT", if up { "yes" } else { "no" });
            }
            Method::Static(ref address) => {
                let key = if address.is_ipv6() { self.name("IPV6_MTU", "") } else { "MTU" };
                if !key.is_empty() {
                    file.set_number(key, subnet.mtu);
                }
            }
            ref method if method.is_dynamic() => {
                let key = if method.is_ipv6() { self.name("IPV6_MTU", "") } else { "MTU" };
                if !key.is_empty() {
                    file.set_number(key, subnet.mtu);
                }
            }
            _ => {}
        }
        if subnet.control == Control::Manual {
            file.set(key, manual);
        }
    }

    #[inline(never)]
    fn ipv6(&self, file: &mut Section, number: usize, address: &Prefix) {
        let address = prefix(address);
        match number {
            0 => file.set(self.name("IPV6ADDR", "IPADDR6"), &address),
            _ if self.suse => file.set_numbered("IPADDR6_", number, &address),
            _ => {
                let mut all = String::from(file.get("IPV6ADDR_SECONDARIES").unwrap_or_default());
                if !all.is_empty() {
                    all.push(' ');
                }
                all.push_str(&address);
                file.set("IPV6ADDR_SECONDARIES", &all);
            }
        }
    }

    /// Red Hat's variables for metric, gateway and resolver.
    #[inline(never)]
    fn settings(&self, file: &mut Section, subnet: &Subnet) {
        file.set_number(route::metric_name(subnet.method.is_ipv6()), subnet.metric);
        if self.default_route && subnet.method.is_dhcp4() {
            file.set_all("DHCLIENT_SET_DEFAULT_ROUTE=no");
        }
        if subnet.address().is_none() {
            return;
        }
        if let Some(gateway) = subnet.gateway().filter(|_| !route::is_on_link(subnet)) {
            file.set_all("DEFROUTE=yes");
            file.set(route::gateway_name(gateway.is_ipv6()), gateway.as_str());
        }
        file.set_address("BROADCAST", subnet.broadcast());
        file.set_list("DOMAIN", &domains(&subnet.dns.search));
        for (number, server) in subnet.dns.servers.iter().take(SERVERS).enumerate() {
            file.set_numbered("DNS", number + 1, server.as_str());
        }
    }
}

/// The first address has no number.
#[inline(never)]
fn ipv4_address(file: &mut Section, number: usize, address: &Prefix) {
    let number = if number == 0 { String::new() } else { number.to_string() };
    file.set(&concat(&["IPADDR", &number]), address.address().as_str());
    if let Some(netmask) = address.netmask() {
        file.set(&concat(&["NETMASK", &number]), &netmask.to_string());
    }
}

/// Red Hat's variables for a way of getting addresses.
fn variables(method: &Method) -> &'static str {
    match method {
        Method::Dhcp | Method::Dhcp4 => "BOOTPROTO=dhcp",
        Method::Dhcp6 => "IPV6INIT=yes DHCPV6C=yes",
        Method::Dhcp6Stateful => "DHCPV6C=yes IPV6INIT=yes IPV6_AUTOCONF=no IPV6_FAILURE_FATAL=yes",
        Method::Dhcp6Stateless => "IPV6INIT=yes IPV6_AUTOCONF=yes DHCPV6C=yes DHCPV6C_OPTIONS=-S",
        Method::Slaac => "IPV6INIT=yes IPV6_AUTOCONF=yes",
        Method::Static(address) if address.is_ipv6() => {
            "IPV6INIT=yes IPV6_FORCE_ACCEPT_RA=no IPV6_AUTOCONF=no"
        }
        Method::Static(_) | Method::Manual | Method::Loopback => "",
    }
}

/// SUSE's: leases of both families are `dhcp`.
#[inline(never)]
fn lease(file: &mut Section, method: &Method) {
    let (own, other, mode) = match method {
        Method::Dhcp | Method::Dhcp4 => ("dhcp4", "dhcp6", ""),
        Method::Dhcp6 | Method::Dhcp6Stateful => ("dhcp6", "dhcp4", "managed"),
        Method::Dhcp6Stateless => ("dhcp6", "dhcp4", "info"),
        // The kernel does it unless it is told otherwise.
        Method::Slaac | Method::Static(_) | Method::Manual | Method::Loopback => return,
    };
    let both = file.get("BOOTPROTO").is_some_and(|now| now == other || now == "dhcp");
    file.set("BOOTPROTO", if both { "dhcp" } else { own });
    if !mode.is_empty() {
        file.set("DHCLIENT6_MODE", mode);
    }
}
