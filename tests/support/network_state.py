"""Answers what network state cloud-init makes of a network description.

Reads paths of files, one a line; writes one JSON object a line:
{"version": cloud-init's, "state": {interfaces, routes, dns, netplan}} or {"error": …}.
The kind of a description is told by the end of its name: .v1.yaml, .v2.yaml,
.network_data.json, .eni. The machine has ens1 to ens8 with the MAC addresses
fa:16:3e:00:00:01 to :08.

The state is cloud-init's own with what back ends don't tell apart taken out:
keys without a value, a netmask beside a prefix length, constants; numbers that
were spelled as strings are numbers. `netplan` is what netplan gets of version 2.
"""

import copy
import json
import sys

import yaml
from cloudinit import safeyaml, version
from cloudinit.net import eni, network_state
from cloudinit.sources.helpers import openstack

MACS = {"fa:16:3e:00:00:%02x" % n: "ens%d" % n for n in range(1, 9)}
NUMBERS = ("mtu", "metric", "prefix", "vlan_id", "table")
CONSTANT = ("config_id", "inet", "mode", "address", "gateway")
DERIVED = ("netmask", "ipv4", "ipv6", "_orig_eni_name", "type", "ip_address")


def known_macs(*_args, **_keys):
    return dict(MACS)


for module in (network_state, openstack.net):
    module.get_interfaces_by_mac = known_macs
network_state.find_interface_name_from_mac = MACS.get
openstack.net.get_ib_hwaddrs_by_interface = dict
if hasattr(openstack, "util"):
    openstack.util.udevadm_settle = lambda *_: None


def config(path):
    with open(path) as file:
        text = file.read()
    if path.endswith(".network_data.json"):
        return openstack.convert_net_json(json.loads(text), known_macs=dict(MACS))
    if path.endswith(".eni"):
        return eni.convert_eni_data(text)
    data = yaml.safe_load(text)
    return data["network"] if "network" in data and "version" not in data else data


def numbers(entry):
    for key in NUMBERS:
        if isinstance(entry.get(key), str):
            entry[key] = int(entry[key])
    return entry


def route(entry):
    return numbers({key: value for key, value in entry.items() if key not in DERIVED})


def subnet(entry):
    kept = {key: value for key, value in entry.items() if key not in DERIVED and value}
    if entry["type"] in ("static", "static6"):
        kept["address"] = "%s/%s" % (entry.get("address") or entry["ip_address"], kept.pop("prefix", 0))
        kept["type"] = "static"
    else:
        kept["type"] = entry["type"]
    if kept.get("control") == "auto":
        del kept["control"]
    if kept.get("routes"):
        kept["routes"] = [route(each) for each in kept["routes"]]
    return numbers(kept)


def interface(key, entry):
    kept = {
        name: value
        for name, value in entry.items()
        if name not in CONSTANT and value is not None and (name != "wakeonlan" or value)
    }
    kept["key"] = key
    kept["subnets"] = [subnet(each) for each in kept["subnets"]]
    return numbers(kept)


def state(path):
    description = config(path)
    found = network_state.parse_net_config_data(copy.deepcopy(description))._network_state
    netplan = {}
    if description["version"] == 2:
        whole = {"network": description}
        netplan["netplan"] = safeyaml.dumps(whole, explicit_start=False, explicit_end=False)
    return {
        **netplan,
        "interfaces": [interface(*each) for each in found["interfaces"].items()],
        "routes": [route(each) for each in found["routes"]],
        "dns": found["dns"],
    }


def main():
    for line in sys.stdin:
        answer = {"version": version.version_string()}
        try:
            answer["state"] = state(line.rstrip("\n"))
        except Exception as error:
            answer["error"] = "%s: %s" % (type(error).__name__, error)
        print(json.dumps(answer, default=str), flush=True)


main()
