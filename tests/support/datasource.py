"""Answers what cloud-init's local datasources make of a seed.

Reads questions from standard input, each a line of JSON, and writes an answer
for each, a line of JSON too. A question:

  datasource  NoCloud, ConfigDrive or OVF
  root        a folder taken for the machine's root
  drive       a folder taken for the one drive that is labelled, or null
  kernel      the kernel's command line
  serial      the firmware's serial number
  config      the root's configuration

The answer: null where the datasource does not claim the machine, else

  text      the datasource as status.json names it
  id, hostname, keys, metadata
  user, vendor, vendor2   raw, as text; a config drive's vendor data as JSON
  network   the description as it was read: JSON, or the text of interfaces(5)
"""

import base64
import json
import logging
import os
import sys
import tempfile

from cloudinit import dmi, helpers, util
from cloudinit.sources import DataSourceConfigDrive, DataSourceNoCloud, DataSourceOVF

RUN = tempfile.mkdtemp()


def text(value):
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return value or ""


def plain(value):
    """What JSON has no type for, as text."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return str(value)


def mount(question):
    def mount_cb(device, callback, data=None, mtype=None, update_env_for_mount=None):
        return callback(question["drive"]) if data is None else callback(question["drive"], data)

    return mount_cb


def answer(question):
    root = question["root"]
    devices = ["/dev/vdb"] if question["drive"] else []
    util.get_cmdline = lambda: question["kernel"]
    dmi.read_dmi_data = lambda key: question["serial"] if key == "system-serial-number" else "plain"
    util.mount_cb = mount(question)
    DataSourceConfigDrive.find_candidate_devs = lambda dslist=None: devices
    DataSourceConfigDrive.write_injected_files = lambda files: None
    DataSourceOVF.transport_vmware_guestinfo = lambda: None
    DataSourceOVF.transport_iso9660 = lambda: (
        DataSourceOVF.get_ovf_env(question["drive"])[1] or None if question["drive"] else None
    )
    module = {
        "NoCloud": DataSourceNoCloud.DataSourceNoCloud,
        "ConfigDrive": DataSourceConfigDrive.DataSourceConfigDrive,
        "OVF": DataSourceOVF.DataSourceOVF,
    }[question["datasource"]]
    paths = helpers.Paths({"cloud_dir": root + "/var/lib/cloud", "run_dir": RUN})
    found = module(question["config"], None, paths)
    found._get_devices = lambda label: devices
    try:
        claimed = found._get_data()
    except Exception:
        claimed = False
    if not claimed:
        return None
    network = None
    if question["datasource"] == "ConfigDrive":
        network = found.network_json if isinstance(found.network_json, dict) else found.network_eni
        vendor, vendor2 = found.vendordata_pure, found.vendordata2_pure
    else:
        network = found._network_config or getattr(found, "_network_eni", None)
        vendor, vendor2 = text(found.vendordata_raw), None
    return {
        "text": str(found).replace(root, ""),
        "id": found.get_instance_id(),
        "hostname": found.metadata.get("local-hostname"),
        "keys": found.get_public_ssh_keys(),
        "metadata": found.metadata,
        "user": text(found.userdata_raw),
        "vendor": vendor,
        "vendor2": vendor2,
        "network": network,
        "config": found.get_config_obj(),
    }


logging.disable(logging.CRITICAL)
for line in sys.stdin:
    print(json.dumps(answer(json.loads(line)), default=plain), flush=True)
