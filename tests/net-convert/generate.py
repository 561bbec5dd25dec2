"""Descriptions of networks made by chance, the same each time."""

import json
import random

COUNT = 300

NICS = range(1, 5)


def description(number):
    """The kind and the text of one."""
    chance = Chance(number)
    kind = ("v1.yaml", "v2.yaml", "network_data.json")[number % 3]
    made = {"v1.yaml": chance.version_1, "v2.yaml": chance.version_2,
            "network_data.json": chance.network_data}[kind]()
    return kind, json.dumps(made)


class Chance(random.Random):
    def maybe(self, probability=0.5):
        return self.random() < probability

    def some(self, items, least=0):
        return self.sample(items, self.randint(least, len(items)))

    def address(self, ipv6):
        if ipv6:
            return "2001:db8:%x::%x" % (self.randint(1, 9), self.randint(2, 0xFFFF))
        return "10.%d.%d.%d" % (self.randint(0, 255), self.randint(0, 255), self.randint(2, 254))

    def fixed(self, ipv6):
        return "%s/%d" % (self.address(ipv6), self.choice((48, 64, 128) if ipv6 else (16, 24, 32)))

    def network(self, ipv6):
        return "2001:db8:%x::/48" % self.randint(10, 99) if ipv6 else "172.%d.0.0/16" % self.randint(16, 31)

    def servers(self):
        return [self.address(self.maybe(0.3)) for _ in range(self.randint(1, 4))]

    def search(self):
        return ["d%d.example" % self.randint(1, 9) for _ in range(self.randint(1, 3))]

    # network config, version 1

    def route_1(self, ipv6):
        route = {"gateway": self.address(ipv6)}
        if self.maybe(0.3):
            route.update({"network": "::", "netmask": "::"} if ipv6 else {"network": "0.0.0.0", "netmask": "0.0.0.0"})
        else:
            route["destination" if self.maybe() else "network"] = self.network(ipv6)
        if self.maybe(0.3):
            route["metric"] = self.randint(0, 500)
        return route

    def subnet_1(self):
        kind = self.choice(("static", "static", "static6", "dhcp", "dhcp4", "dhcp6", "manual", "ipv6_slaac",
                            "ipv6_dhcpv6-stateless", "ipv6_dhcpv6-stateful"))
        subnet = {"type": kind}
        if kind in ("static", "static6"):
            ipv6 = kind == "static6" or self.maybe(0.2)
            subnet["address"] = self.fixed(ipv6)
            if self.maybe():
                subnet["gateway"] = self.address(ipv6)
            if self.maybe(0.3):
                subnet["mtu"] = self.randint(1280, 9000)
            if self.maybe(0.4):
                subnet["routes"] = [self.route_1(ipv6 if self.maybe(0.8) else not ipv6)
                                    for _ in range(self.randint(1, 3))]
        if self.maybe(0.3):
            subnet["dns_nameservers"] = self.servers()
        if self.maybe(0.3):
            subnet["dns_search"] = self.search()
        if self.maybe(0.2):
            subnet["metric"] = self.randint(1, 500)
        if self.maybe(0.15):
            subnet["control"] = self.choice(("auto", "manual", "hotplug"))
        return subnet

    def common_1(self, entry):
        if self.maybe(0.8):
            entry["subnets"] = [self.subnet_1() for _ in range(self.choice((0, 1, 1, 1, 2, 2, 3)))]
        if self.maybe(0.25):
            entry["mtu"] = self.randint(1280, 9000)
        if self.maybe(0.2):
            entry["accept-ra"] = self.maybe()
        return entry

    def bond_parameters(self):
        parameters = {"mode": self.choice(("active-backup", "802.3ad", "balance-rr", 1)),
                      "miimon": 100, "xmit-hash-policy": "layer3+4", "lacp-rate": "fast", "num-grat-arp": 2,
                      "updelay": 10, "downdelay": 0, "primary-reselect": "always", "fail-over-mac": "active",
                      "min-links": 1, "arp-interval": 250, "ad-select": "bandwidth",
                      "all-slaves-active": self.maybe()}
        kept = self.some(sorted(parameters))
        stem, joint = self.choice((("bond-", "-"), ("bond_", "_"), ("bond-", "_")))
        return {stem + name.replace("-", joint): parameters[name] for name in ["mode"] + [k for k in kept if k != "mode"]}

    def version_1(self):
        config, free = [], []
        for number in self.some(list(NICS), 1):
            entry = {"type": "physical", "name": "eth%d" % number}
            if self.maybe():
                entry["mac_address"] = "fa:16:3e:00:00:%02X" % number
            if self.maybe(0.1):
                entry["wakeonlan"] = self.maybe()
            if self.maybe(0.1):
                entry["optional"] = self.maybe()
            config.append(self.common_1(entry) if self.maybe(0.7) else entry)
            free.append(entry["name"])
        if self.maybe(0.4):
            members = self.some(free, 1)
            free = [name for name in free if name not in members] + ["bond0"]
            entry = {"type": "bond", "name": "bond0", "bond_interfaces": members, "params": self.bond_parameters()}
            if self.maybe(0.3):
                entry["mac_address"] = "02:00:00:00:00:0b"
            config.append(self.common_1(entry))
        if self.maybe(0.4):
            ports = self.some(free, 1)
            free = [name for name in free if name not in ports] + ["br0"]
            entry = {"type": "bridge", "name": "br0", "bridge_interfaces": ports}
            if self.maybe():
                entry["params"] = {"bridge_stp": self.choice((True, False, "on", "off", 0, 1)),
                                   "bridge_fd": self.randint(0, 30), "bridge_bridgeprio": self.randint(1, 99)}
            config.append(self.common_1(entry))
        if self.maybe(0.4):
            link, number = self.choice(free), self.randint(1, 4000)
            config.append(self.common_1({"type": "vlan", "name": "%s.%d" % (link, number), "vlan_link": link,
                                         "vlan_id": number}))
        for _ in range(self.choice((0, 0, 1, 2))):
            entry = {"type": "nameserver", "address": self.servers(), "search": self.search()}
            if self.maybe(0.3):
                entry["interface"] = config[0]["name"]
            config.append(entry)
        if self.maybe(0.2):
            config.append(dict(self.route_1(self.maybe(0.3)), type="route"))
            config[-1]["destination"] = config[-1].pop("network", config[-1].get("destination"))
        return {"version": 1, "config": config}

    # network config, version 2

    def common_2(self, entry):
        for family in ("4", "6"):
            if self.maybe(0.4):
                entry["dhcp" + family] = self.maybe(0.8)
                if self.maybe(0.3):
                    entry["dhcp%s-overrides" % family] = {"route-metric": self.randint(1, 900), "use-dns": self.maybe()}
        if self.maybe():
            entry["addresses"] = [self.fixed(self.maybe(0.4)) for _ in range(self.randint(1, 3))]
            if self.maybe(0.3):
                entry["gateway4"] = self.address(False)
            if self.maybe(0.3):
                entry["gateway6"] = self.address(True)
        if self.maybe(0.3):
            entry["routes"] = [self.route_2() for _ in range(self.randint(1, 3))]
        if self.maybe(0.3):
            entry["nameservers"] = {"addresses": self.servers()}
            if self.maybe():
                entry["nameservers"]["search"] = self.search()
        if self.maybe(0.2):
            entry["mtu"] = self.randint(1280, 9000)
        return entry

    def route_2(self):
        ipv6 = self.maybe(0.3)
        route = {"to": self.network(ipv6), "via": self.address(ipv6)}
        if self.maybe(0.3):
            route["to"] = self.choice(("default", "::/0" if ipv6 else "0.0.0.0/0"))
        for key in ("metric", "table", "mtu"):
            if self.maybe(0.2):
                route[key] = self.randint(1, 1400)
        return route

    def version_2(self):
        ethernets, free = {}, []
        for number in self.some(list(NICS), 1):
            name = "eth%d" % number
            entry = self.common_2({})
            if self.maybe(0.3):
                entry["match"] = {"macaddress": "fa:16:3e:00:00:%02X" % number}
                entry["set-name"] = name
            if self.maybe(0.1):
                entry["wakeonlan"] = True
            if self.maybe(0.1):
                entry["accept-ra"] = self.maybe()
            if self.maybe(0.1):
                entry["optional"] = self.maybe()
            ethernets[name] = entry
            free.append(name)
        config = {"version": 2, "ethernets": ethernets}
        if self.maybe(0.4):
            members = self.some(free, 1)
            free = [name for name in free if name not in members] + ["bond0"]
            config["bonds"] = {"bond0": self.common_2({"interfaces": members, "parameters": {
                "mode": "active-backup", "mii-monitor-interval": 100, "fail-over-mac-policy": "active"}})}
        if self.maybe(0.4):
            ports = self.some(free, 1)
            free = [name for name in free if name not in ports] + ["br0"]
            config["bridges"] = {"br0": self.common_2({"interfaces": ports, "parameters": {
                "stp": self.maybe(), "forward-delay": self.randint(1, 9), "priority": self.randint(1, 9)}})}
        if self.maybe(0.4):
            link, number = self.choice(free), self.randint(1, 4000)
            config["vlans"] = {"%s.%d" % (link, number): self.common_2({"id": number, "link": link})}
        return config if self.maybe() else {"network": config}

    # OpenStack's network_data.json

    def network_data(self):
        links, networks, free = [], [], []
        for number in self.some(list(NICS), 1):
            links.append({"id": "tap%d" % number, "type": self.choice(("phy", "ovs", "vif", "bridge", "tap")),
                          "ethernet_mac_address": "fa:16:3e:00:00:%02x" % number})
            if self.maybe(0.4):
                links[-1]["mtu"] = self.randint(1280, 9000)
            free.append(links[-1]["id"])
        if self.maybe(0.3):
            links.append({"id": "bond", "type": "bond", "bond_links": self.some(free, 1), "bond_mode": "802.3ad",
                          "bond_miimon": 100, "ethernet_mac_address": "fa:16:3e:00:01:00"})
            free = [name for name in free if name not in links[-1]["bond_links"]] + ["bond"]
        if self.maybe(0.3):
            links.append({"id": "vlan", "type": "vlan", "vlan_link": self.choice(free), "vlan_id": self.randint(1, 4000),
                          "vlan_mac_address": "fa:16:3e:00:02:00"})
            free.append("vlan")
        for number, link in enumerate(self.choices(free, k=self.randint(0, 4))):
            kind = self.choice(("ipv4", "ipv4", "ipv6", "ipv4_dhcp", "ipv6_dhcp", "ipv6_slaac", "ipv6_dhcpv6-stateless",
                                "ipv6_dhcpv6-stateful"))
            network = {"id": "network%d" % number, "link": link, "type": kind, "network_id": "n"}
            if kind in ("ipv4", "ipv6"):
                ipv6 = kind == "ipv6"
                network["ip_address"] = self.address(ipv6)
                network["netmask"] = "ffff:ffff:ffff:ffff::" if ipv6 else "255.255.%d.0" % self.choice((0, 255))
                if self.maybe():
                    network["gateway"] = self.address(ipv6)
                network["routes"] = [self.route_nd(ipv6) for _ in range(self.randint(0, 2))]
                if self.maybe(0.3):
                    network["services"] = [{"type": "dns", "address": self.address(ipv6)}]
            networks.append(network)
        services = [{"type": "dns", "address": address} for address in (self.servers() if self.maybe() else [])]
        return {"links": links, "networks": networks, "services": services}

    def route_nd(self, ipv6):
        if self.maybe(0.4):
            network = {"network": "::", "netmask": "::"} if ipv6 else {"network": "0.0.0.0", "netmask": "0.0.0.0"}
        elif ipv6:
            network = {"network": "2001:db8:%x::" % self.randint(10, 99), "netmask": "ffff:ffff:ffff::"}
        else:
            network = {"network": "172.%d.0.0" % self.randint(16, 31), "netmask": "255.255.0.0"}
        return dict(network, gateway=self.address(ipv6))
