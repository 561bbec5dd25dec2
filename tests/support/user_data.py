"""Answers what cloud-init and Python's email package make of user data.

The argument is the instance-data.json that templates are rendered with. Reads
questions from standard input, each a line of JSON, and writes an answer for
each, a line of JSON too:

{"file": PATH} gives
  email   leaves of the message as the email package sees them
  parts   what cloud-init's UserDataProcessor makes of the file
  config  what its cloud-config handler merges: {"from": [...], "keys": {...}},
          null without a cloud-config part
  text    cloud-config.txt as the handler writes it
  files   [path, mode, content] of each script and boothook, the paths below
          /var/lib/cloud
{"template": TEXT} gives what the template renders to, null where it is
  refused
{"seed": PATH} gives the instance data of a config drive

A level that ends in an exception is {"error": its text}.
"""

import base64
import email
import json
import logging
import os
import shutil
import sys
import tempfile

from cloudinit import distros, handlers, helpers, settings, user_data, util
from cloudinit.handlers import boot_hook, jinja_template
from cloudinit.handlers.cloud_config import CloudConfigPartHandler
from cloudinit.handlers.shell_script import ShellScriptPartHandler
from cloudinit.handlers.shell_script_by_frequency import ShellScriptByFreqPartHandler
from cloudinit.sources import DataSourceConfigDrive

# Fetching is not compared: an include counts as the part it is.
user_data.INCLUDE_TYPES = []
# Boothooks are written, not run.
boot_hook.subp.subp = lambda *_, **__: None
# A drive is read, its files are not written.
DataSourceConfigDrive.on_first_boot = lambda *_, **__: None
logging.disable(logging.CRITICAL)


def encoded(payload):
    if payload is None:
        return None
    if isinstance(payload, str):
        payload = payload.encode("utf-8", "surrogateescape")
    return base64.b64encode(payload).decode()


def part(content_type, filename, payload):
    return {"content_type": content_type, "filename": filename, "content": encoded(payload)}


def leaves(raw):
    message = email.message_from_bytes(raw)
    return [
        part(leaf.get_content_type(), leaf.get_filename(), leaf.get_payload(decode=True))
        for leaf in message.walk()
        if not leaf.is_multipart() and leaf.get_content_maintype() != "multipart"
    ]


def parts(raw, paths):
    message = user_data.UserDataProcessor(paths).process(raw)
    found = []
    handlers.walk(message, lambda data, *each: found.append(each), None)
    return found


def consumed(found, paths):
    """What the handlers keep of the parts: merged config, its file, scripts."""
    for folder in ("instance", "scripts"):
        shutil.rmtree(os.path.join(paths.cloud_dir, folder), ignore_errors=True)
    os.mkdir(os.path.join(paths.cloud_dir, "instance"))
    config = CloudConfigPartHandler(paths)
    script = ShellScriptPartHandler(paths)
    mods = [config, script, boot_hook.BootHookPartHandler(paths, None)]
    mods.append(jinja_template.JinjaTemplatePartHandler(paths, sub_handlers=[config, script]))
    for often in (settings.PER_ALWAYS, settings.PER_INSTANCE, settings.PER_ONCE):
        mods.append(ShellScriptByFreqPartHandler(often, paths))
    table = {kind: mod for mod in mods for kind in mod.list_types()}
    for mod in mods:
        handlers.call_begin(mod, None, settings.PER_INSTANCE)
    for filename, payload, headers in found:
        mod = table.get(headers["Content-Type"])
        if mod:
            handlers.run_part(mod, None, filename, payload, settings.PER_INSTANCE, headers)
    keys = None
    if config.cloud_buf is not None:
        keys = {"from": list(config.file_names), "keys": config.cloud_buf}
    for mod in mods:
        handlers.call_end(mod, None, settings.PER_INSTANCE)
    return {"config": keys, "text": util.load_file(config.cloud_fn), "files": written(paths.cloud_dir)}


def written(folder):
    files = []
    for top in ("instance/boothooks", "instance/scripts", "scripts"):
        for where, _, names in os.walk(os.path.join(folder, top)):
            for name in names:
                path = os.path.join(where, name)
                with open(path, "rb") as file:
                    content = encoded(file.read())
                mode = oct(os.stat(path).st_mode & 0o7777)
                files.append([os.path.relpath(path, folder), mode, content])
    return sorted(files)


def answer_of_file(path, paths):
    with open(path, "rb") as file:
        raw = file.read()
    answer = {"email": attempt(lambda: leaves(raw))}
    found = attempt(lambda: parts(raw, paths))
    if isinstance(found, dict):
        answer.update(parts=found, config=found, text=found, files=found)
    else:
        answer["parts"] = [part(each[2]["Content-Type"], each[0], each[1]) for each in found]
        answer.update(consumed(found, paths))
    return answer


def rendered(text, data):
    try:
        return jinja_template.render_jinja_payload(text, "part-001", data)
    except Exception:
        return None


def instance_data(seed):
    """The instance data of the config drive below `seed`."""
    with tempfile.TemporaryDirectory() as folder:
        os.symlink(seed, os.path.join(folder, "seed"))
        paths = helpers.Paths({"cloud_dir": folder, "run_dir": folder})
        config = {"datasource_list": ["ConfigDrive"]}
        distro = distros.fetch("debian")("debian", config, paths)
        DataSourceConfigDrive.DataSourceConfigDrive(config, distro, paths).get_data()
        with open(os.path.join(folder, "instance-data-sensitive.json")) as file:
            return json.load(file)


def attempt(work):
    try:
        return work()
    except Exception as error:
        return {"error": "%s: %s" % (type(error).__name__, error)}


def main():
    with open(sys.argv[1]) as file:
        data = json.load(file)
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(sys.argv[1], os.path.join(folder, "instance-data-sensitive.json"))
        paths = helpers.Paths({"cloud_dir": folder, "run_dir": folder})
        inside = lambda name=None: os.path.join(folder, "instance", paths.lookups.get(name) or name)
        paths.get_ipath = inside
        paths.get_ipath_cur = inside
        for line in sys.stdin:
            question = json.loads(line)
            if "file" in question:
                answer = answer_of_file(question["file"], paths)
            elif "template" in question:
                answer = rendered(question["template"], data)
            else:
                answer = instance_data(question["seed"])
            print(json.dumps(answer, default=str), flush=True)


main()
