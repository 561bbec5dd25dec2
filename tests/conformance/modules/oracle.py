"""Answers what cloud-init's modules of the config and final stages would do.

Reads questions from standard input, each a line of JSON:
  module    its name, with _
  distro    cloud-init's name of the distribution
  config    the cloud-config, as YAML
  system    that of the machine itself
  programs  names of the programs that are there
  systemd   whether systemd runs
  files     files of the machine: {path: text}; what is not named is not there
and writes for each a line of JSON:
  files     {path: text} of what is written, null of what is removed
  programs  [words] of each program that is run
  printed   what is shown on the console
  failed    the text of the exception, or null

Nothing is written and nothing is run: what would do so is taken down.
"""

import copy
import importlib
import json
import logging
import os
import subprocess
import sys
import tempfile

from cloudinit import cloud, distros, gpg, helpers, sources, ssh_util, subp, temp_utils, templater, util, version

logging.disable(logging.CRITICAL)

TEMPLATES = "/etc/cloud/templates/"
real = {name: getattr(util, name) for name in ("write_file", "load_file", "del_file")}
exists, isfile = os.path.exists, os.path.isfile


class Machine:
    """What a module sees, and what it does."""

    def __init__(self, question):
        self.present = question["files"]
        self.programs_there = question["programs"]
        self.files, self.programs, self.printed = {}, [], ""

    def is_own(self, path):
        """Whether a path is of Python's own doing."""
        path = str(path)
        return path.startswith((tempfile.gettempdir() + "/", TEMPLATES))

    def exists(self, path):
        if self.is_own(path):
            return exists(path)
        return self.files.get(str(path), self.present.get(str(path))) is not None

    def load(self, path, *args, **kwargs):
        if self.is_own(path):
            return real["load_file"](path, *args, **kwargs)
        text = self.files.get(str(path), self.present.get(str(path)))
        if text is None:
            raise FileNotFoundError(path)
        return text

    def write(self, path, content, mode=0o644, omode="wb", **_):
        if self.is_own(path):
            return real["write_file"](path, content, mode=mode, omode=omode)
        text = content.decode() if isinstance(content, bytes) else content
        before = (self.load(path) if self.exists(path) else "") if "a" in omode else ""
        self.files[str(path)] = before + text

    def remove(self, path):
        if self.is_own(path):
            return real["del_file"](path)
        self.files[str(path)] = None

    def rename(self, old, new):
        self.write(new, self.load(old))

    def run(self, args, *_, data=None, **__):
        if args == ["gpg", "--dearmor"]:
            out = subprocess.run(args, input=data.encode(), capture_output=True, check=True).stdout
            return subp.SubpResult(out.hex(), "")
        self.programs.append(list(args))
        return subp.SubpResult("", "")

    def which(self, name, *_):
        return "/usr/bin/" + name if os.path.basename(name) in self.programs_there else None

    def show(self, text, *_, **__):
        self.printed += text


class Source:
    """A datasource that knows what templates ask for."""

    is_disconnected = False
    metadata = {}
    availability_zone, region, platform_type = "Zone_1", None, "openstack"

    def __init__(self, distro):
        self.distro = distro

    def __str__(self):
        return "DataSourceConfigDrive [net,ver=2]"

    def get_package_mirror_info(self):
        return self.distro.get_package_mirror_info(data_source=self)

    def get_hostname(self, *_, **__):
        return sources.DataSourceHostname("vm.there.example", False)

    def get_locale(self):
        return "en_US.UTF-8"

    def get_instance_id(self):
        return "i-1"


def answer(question, folder):
    machine = Machine(question)
    util.write_file, util.load_file, util.del_file = machine.write, machine.load, machine.remove
    util.rename, util.multi_log = machine.rename, machine.show
    templater.load_file = machine.load
    subp.subp, subp.which = machine.run, machine.which
    os.path.exists = os.path.isfile = machine.exists
    distros.uses_systemd = lambda: question["systemd"]
    distros.Distro.uses_systemd = staticmethod(lambda: question["systemd"])
    util.uptime, util.time_rfc2822 = lambda: "0.00", lambda: "Thu, 01 Jan 1970 00:00:00 +0000"
    version.version_string = lambda: "VERSION"
    util.is_resolvable_url = lambda url: "there" in url
    util.lsb_release = lambda *_, **__: {"codename": "bookworm"}
    util.get_dpkg_architecture = lambda *_: "amd64"
    temp_utils.mkstemp = tempfile.mkstemp

    def later(*args):
        # power_state_change: condition, what is run, its arguments
        machine.programs.append(["condition", json.dumps(args[5], separators=(",", ":"))])
        machine.programs.append(args[7][0])

    util.fork_cb = later
    paths = helpers.Paths({"cloud_dir": folder, "run_dir": folder, "templates_dir": TEMPLATES})
    own = (util.load_yaml(question["config"]) or {}).get("system_info", {})
    settings = {**util.load_yaml(question["system"])["system_info"], **own}
    distro = distros.fetch(question["distro"])(question["distro"], settings, paths)
    option = distro.get_option
    # a wrapper that is a list grows there with each call
    distro.get_option = lambda *names: copy.deepcopy(option(*names))
    done = set()

    class Once:
        """Runs what has a name once, as its semaphores would have it."""

        def run(self, name, work, args, **_):
            if name not in done:
                done.add(name)
                work(*args)

    distro._runner = Once()
    distro._wait_for_apt_command = lambda short_cmd, subp_kwargs, **_: machine.run(**subp_kwargs)
    home = "/home/me/.ssh/authorized_keys"

    def keys(user):
        text = machine.present.get(home)
        lines = [] if text is None else text.splitlines()
        parser = ssh_util.AuthKeyLineParser()
        return home, [parser.parse(line) for line in lines]

    ssh_util.extract_authorized_keys = keys
    module = importlib.import_module("cloudinit.config.cc_" + question["module"])
    module.givecmdline = lambda _: "this program"
    about = cloud.Cloud(Source(distro), paths, {}, distro, None)
    failed = None
    try:
        config = util.load_yaml(question["config"])
        module.handle(question["module"], config, about, logging.getLogger("x"), [])
    except Exception as error:
        failed = "%s: %s" % (type(error).__name__, error)
    os.path.exists, os.path.isfile = exists, isfile
    files, programs = machine.files, machine.programs
    return {"files": files, "programs": programs, "printed": machine.printed, "failed": failed}


def main():
    with tempfile.TemporaryDirectory() as folder:
        for line in sys.stdin:
            print(json.dumps(answer(json.loads(line), folder)), flush=True)


main()
