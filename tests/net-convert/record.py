#!/usr/bin/python3
"""Records what cloud-init writes for every description of tests/data/net-convert
and tests/data/network-inputs.

    record.py PACKAGE [INPUT...]

PACKAGE is the folder that holds the `cloudinit` package to ask, such as
usr/lib/python3/dist-packages of an unpacked Debian package (record.sh fetches
one). For each INPUT (default: all) tests/data/net-convert/expected/INPUT is
written: the version first, then every file of every back end, its path, mode and text:

    == sysconfig/rhel etc/sysconfig/network 644
    | NETWORKING=yes

The comments a file begins with are left out: they differ between versions and
say nothing. `== eni/debian refuses: KeyError` stands where cloud-init fails.

Descriptions made by chance (generate.py) are recorded in generated.jsonl, one a
line: its kind, its text, and for each back end a digest of the files.
"""

import importlib
import json
import logging
import os
import sys
import tempfile
from pathlib import Path
from unittest import mock

import generate

HERE = Path(__file__).resolve().parent
DATA = HERE.parent / "data"
EXPECTED = DATA / "net-convert" / "expected"

# The back ends, each for a distribution that has it.
BACK_ENDS = [
    ("eni", "debian"),
    ("netplan", "debian"),
    ("networkd", "debian"),
    ("network-manager", "rhel"),
    ("sysconfig", "rhel"),
    ("sysconfig", "opensuse"),
]

# The machine the descriptions are for, by MAC address.
MACHINE = {"fa:16:3e:00:00:%02x" % number: "ens%d" % number for number in range(1, 9)}

# The kind of a description, by the end of its name.
KINDS = {".v1.yaml": "yaml", ".v2.yaml": "yaml", ".network_data.json": "network_data.json", ".eni": "eni"}


def load(package):
    """The modules of the cloud-init to be asked."""
    sys.path.insert(0, str(package))
    for name in ("net", "net.eni", "net.network_state", "sources.helpers.openstack",
                 "distros", "subp", "util", "version"):
        importlib.import_module("cloudinit." + name)
    return sys.modules["cloudinit"]


def state_of(ci, kind, text, renderer):
    import yaml

    if kind == "eni":
        config = ci.net.eni.convert_eni_data(text)
    elif kind == "network_data.json":
        config = ci.sources.helpers.openstack.convert_net_json(
            json.loads(text), known_macs=dict(MACHINE))
    else:
        config = yaml.safe_load(text)
        config = config.get("network", config)
    return ci.net.network_state.parse_net_config_data(config, renderer=renderer)


def render(ci, kind, text, back_end, distro):
    """The files of one back end: path -> (mode, text without its head)."""
    module = importlib.import_module("cloudinit.net." + back_end.replace("-", "_"))
    config = ci.distros.fetch(distro)(distro, {}, None).renderer_configs.get(back_end)
    if back_end == "netplan":
        config = dict(config, postcmds=False, netplan_path=config["netplan_path"][1:],
                      features=["dhcp-use-domains", "ipv6-mtu"])
    renderer = module.Renderer(config=config)
    state = state_of(ci, kind, text, renderer)
    with tempfile.TemporaryDirectory() as folder:
        renderer.render_network_state(network_state=state, target=folder + "/")
        found = {}
        for path in sorted(Path(folder).rglob("*")):
            if path.is_file():
                mode = "%o" % (path.stat().st_mode & 0o7777)
                found[str(path.relative_to(folder))] = (mode, without_head(path.read_text()))
        return found


def without_head(text):
    lines = text.split("\n")
    while lines and (lines[0][:1] in ("#", ";") or lines[0] == "") and len(lines) > 1:
        del lines[0]
    return "\n".join(lines)


def answer(ci, kind, text):
    """What is recorded of a description."""
    out = ["cloud-init %s\n" % ci.version.version_string()]
    for back_end, distro in BACK_ENDS:
        title = "== %s/%s " % (back_end, distro)
        try:
            files = render(ci, kind, text, back_end, distro)
        except Exception as error:  # whatever it fails with is its answer
            out.append("%srefuses: %s\n" % (title, type(error).__name__))
            continue
        for path, (mode, body) in files.items():
            out.append("%s%s %s\n" % (title, path, mode))
            out.extend("|%s\n" % (line and " " + line) for line in body.split("\n")[:-1])
            if not body.endswith("\n") and body:
                out.append("| %s\n|(no newline)\n" % body.split("\n")[-1])
    return "".join(out)


def digest(files):
    """FNV-1a, 64 bits, over path, mode and text of each file."""
    value = 0xCBF29CE484222325
    for path in sorted(files):
        mode, body = files[path]
        for byte in ("%s\n%s\n%s" % (path, mode, body)).encode():
            value = (value ^ byte) * 0x100000001B3 % (1 << 64)
    return "%016x" % value


def record_generated(ci):
    with open(DATA / "net-convert" / "generated.jsonl", "w") as out:
        for number in range(generate.COUNT):
            kind, text = generate.description(number)
            line = {"kind": kind, "text": text}
            for back_end, distro in BACK_ENDS:
                try:
                    files = render(ci, KINDS["." + kind], text, back_end, distro)
                    line[back_end + "/" + distro] = digest(files)
                except Exception:  # it has no answer
                    line[back_end + "/" + distro] = None
            out.write(json.dumps(line) + "\n")


def main():
    arguments = sys.argv[1:]
    if not arguments or arguments[0].startswith("-"):
        sys.exit(__doc__)
    ci = load(arguments[0])
    logging.disable(logging.CRITICAL)
    os.umask(0o022)
    machine = {"return_value": dict(MACHINE)}
    with mock.patch.object(ci.net, "get_interfaces_by_mac", **machine), \
            mock.patch.object(ci.net.network_state, "get_interfaces_by_mac", **machine), \
            mock.patch.object(ci.subp, "which", lambda name, *_, **__: "/sbin/ip" if name == "ip" else None), \
            mock.patch.object(ci.util, "chownbyname"):
        inputs = [Path(name) for name in arguments[1:]]
        for folder in ("net-convert", "network-inputs"):
            inputs = inputs if arguments[1:] else inputs + sorted((DATA / folder).iterdir())
        for path in inputs:
            kind = next((kind for end, kind in KINDS.items() if path.name.endswith(end)), None)
            if kind:
                EXPECTED.joinpath(path.name).write_text(answer(ci, kind, path.read_text()))
        if not arguments[1:]:
            record_generated(ci)


main()
