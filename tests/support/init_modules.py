"""Answers what cloud-init's modules of the init stage would do.

Reads questions from standard input, each a line of JSON, and writes an answer
for each, a line of JSON too. A question has "module", "config" (the merged
configuration, YAML) and "root" (a folder with /etc and the like, which is
changed); the answer:

  commands  what would have been run: [argv, input]
  keys      [user, sorted keys, options] of each authorized_keys file
  written   [path, mode, content, whether at the end] of each entry of write_files
  owners    [path, user, group] of these
  told      what is shown on the console
  error     of the module, null without one

{"crypt": PASSWORD, "salt": SETTING} gives crypt(3)'s hash.
"""

import contextlib
import crypt
import importlib
import json
import logging
import os
import sys
from unittest import mock

import yaml
from cloudinit import distros, helpers, settings, ssh_util, subp, util

logging.disable(logging.CRITICAL)

TEMPLATES = "/etc/cloud/templates"


class Machine:
    """A machine below a folder, whose programs only say that they were run."""

    def __init__(self, question):
        self.root = question["root"]
        self.config = yaml.safe_load(question["config"]) or {}
        self.metadata = question.get("metadata", {})
        self.commands = []
        self.users = self.names("/etc/passwd")
        self.groups = self.names("/etc/group")
        self.keys, self.written, self.owners = [], [], []
        self.told = ""
        name = question.get("distro", "debian")
        paths = helpers.Paths({"cloud_dir": self.at("/var/lib/cloud"), "run_dir": self.at("/run/cloud-init")})
        system = self.config.get("system_info", {})
        self.distro = distros.fetch(name)(name, system, paths)
        self.distro.ci_sudoers_fn = self.at(self.distro.ci_sudoers_fn)
        self.distro.hostname_conf_fn = self.at("/etc/hostname")
        self.distro.hosts_fn = self.at("/etc/hosts")
        self.distro.resolve_conf_fn = "/etc/resolv.conf"

    def at(self, path):
        return self.root + path

    def names(self, path):
        with open(self.at(path)) as file:
            return [line.split(":")[0] for line in file]

    def run(self, argv, data=None, **_):
        self.commands.append([argv, data or ""])
        made = {"useradd": self.users, "groupadd": self.groups}.get(argv[0], [])
        made.extend(argv[1:2])
        return "", ""

    def setup_user_keys(self, keys, user, options=None):
        self.keys.append([user, sorted(keys), options or ""])

    def write(self, path, content, mode=0o644, omode="wb", **_):
        content = content if isinstance(content, bytes) else content.encode()
        self.written.append([path, mode & 0o7777, content.decode("latin-1"), "a" in omode])

    def tell(self, text, *_, **__):
        self.told += text

    def device(self, name):
        return self.metadata.get("devices", {}).get(name)

    def cloud(self):
        cloud = mock.Mock()
        cloud.distro = self.distro
        cloud.get_public_ssh_keys.return_value = self.metadata.get("public_keys", [])
        cloud.get_hostname.side_effect = self.hostname
        cloud.get_template_filename.side_effect = lambda name: os.path.join(TEMPLATES, name + ".tmpl")
        cloud.device_name_to_device.side_effect = self.device
        cloud.datasource.metadata = self.metadata
        cloud.get_ipath.side_effect = lambda name: "/" + name
        cloud.get_cpath.side_effect = lambda name: self.at("/var/lib/cloud/data")
        return cloud

    def hostname(self, fqdn=False, metadata_only=False, **_):
        from cloudinit.sources import DataSourceHostname

        name = self.metadata.get("local_hostname", "")
        return DataSourceHostname(name if fqdn else name.split(".")[0], False)


def patches(machine, module):
    yield mock.patch.object(util, "is_user", lambda name: name in machine.users)
    yield mock.patch.object(util, "is_group", lambda name: name in machine.groups)
    yield mock.patch.object(util, "system_is_snappy", lambda: False)
    yield mock.patch.object(subp, "subp", machine.run)
    yield mock.patch.object(subp, "which", lambda name, *_, **__: "/usr/bin/" + name)
    yield mock.patch.object(ssh_util, "setup_user_keys", machine.setup_user_keys)
    include = machine.distro.ensure_sudo_dir
    into = lambda path, *_: include(path, machine.at("/etc/sudoers"))
    yield mock.patch.object(machine.distro, "ensure_sudo_dir", into)
    yield mock.patch.object(type(machine.distro), "uses_systemd", lambda *_: True)
    os.makedirs(os.path.dirname(machine.distro.ci_sudoers_fn), exist_ok=True)
    if hasattr(module, "FSTAB_PATH"):
        yield mock.patch.object(module, "FSTAB_PATH", machine.at("/etc/fstab"))
        yield mock.patch.object(util, "mounts", lambda: {})
        here = lambda path: os.path.exists(machine.at(path))
        yield mock.patch.object(module, "_get_nth_partition_for_device", nth_partition(here))
        yield mock.patch.object(module, "_is_block_device", lambda device, part=None: here(part or device))
        yield mock.patch.object(util, "ensure_dir", lambda path: machine.commands.append([["mkdir", path], ""]))


def settings_patches(machine, module, name):
    """Of modules that write below /etc: into the machine's folder."""
    if name == "set_passwords":
        update = lambda updates: ssh_util.update_ssh_config(updates, machine.at("/etc/ssh/sshd_config"))
        yield mock.patch.object(module, "update_ssh_config", update)
        yield mock.patch.object(module, "rand_user_password", lambda: "abcdefghijkmnpqrstuv")
        yield mock.patch.object(util, "multi_log", machine.tell)
    if name == "ca_certs":
        own = {
            key: machine.at(value) if isinstance(value, str) and value.startswith("/") else value
            for key, value in module.DEFAULT_CONFIG.items()
        }
        yield mock.patch.object(module, "DEFAULT_CONFIG", own)
    if name == "rsyslog":
        yield mock.patch.object(module, "DEF_DIR", machine.at("/etc/rsyslog.d"))
    if name in ("write_files", "runcmd"):
        yield mock.patch.object(util, "write_file", machine.write)
        yield mock.patch.object(util, "chownbyname", lambda *args: machine.owners.append(list(args)))


def nth_partition(here):
    def answer(device, number):
        for suffix in ("%s", "p%s", "-part%s"):
            path = device + suffix % number
            if here(path):
                return path
        return None

    return answer


def run(question):
    machine = Machine(question)
    module = importlib.import_module("cloudinit.config.cc_" + question["module"])
    error = None
    with contextlib.ExitStack() as stack:
        for patch in patches(machine, module):
            stack.enter_context(patch)
        for patch in settings_patches(machine, module, question["module"]):
            stack.enter_context(patch)
        if question["module"] == "resolv_conf":
            where = {"/etc/resolv.conf": "resolv.conf"}
            stack.enter_context(mock.patch.object(module, "RESOLVE_CONFIG_TEMPLATE_MAP", where))
            write = module.templater.render_to_file
            into = lambda template, _, params: write(template, machine.at("/etc/resolv.conf"), params)
            stack.enter_context(mock.patch.object(module.templater, "render_to_file", into))
        try:
            module.handle(question["module"], machine.config, machine.cloud(), logging.getLogger(), [])
        except Exception as failure:
            error = "%s: %s" % (type(failure).__name__, failure)
    return {
        "commands": machine.commands,
        "keys": machine.keys,
        "written": machine.written,
        "owners": machine.owners,
        "told": machine.told,
        "error": error,
    }


def main():
    # as at boot: relative paths begin there
    os.chdir("/")
    for line in sys.stdin:
        question = json.loads(line)
        if "crypt" in question:
            answer = crypt.crypt(question["crypt"], question["salt"])
        else:
            answer = run(question)
        print(json.dumps(answer), flush=True)


main()
