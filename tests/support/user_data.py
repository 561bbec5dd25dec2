"""Answers what cloud-init and Python's email package make of user data.

Reads paths of files, one a line; writes one JSON object a line:
  email   leaves of the message as the email package sees them
  parts   what cloud-init's UserDataProcessor makes of the file
  config  what its cloud-config handler merges: {"from": [...], "keys": {...}},
          null without a cloud-config part
  text    cloud-config.txt as the handler writes it
A level that ends in an exception is {"error": its text}.
"""

import base64
import email
import json
import os
import sys
import tempfile

from cloudinit import handlers, helpers, user_data, util
from cloudinit.handlers.cloud_config import CloudConfigPartHandler

# Fetching is not compared: an include counts as the part it is.
user_data.INCLUDE_TYPES = []


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


def merged(found, paths):
    handler = CloudConfigPartHandler(paths)
    handler.handle_part(None, handlers.CONTENT_START, None, None, None, None)
    for filename, payload, headers in found:
        kind = headers["Content-Type"]
        if kind == "text/cloud-config":
            handler.handle_part(None, kind, filename, payload, "always", headers)
    if handler.cloud_buf is None:
        config = None
    else:
        config = {"from": list(handler.file_names), "keys": handler.cloud_buf}
    handler.handle_part(None, handlers.CONTENT_END, None, None, None, None)
    return config, util.load_file(handler.cloud_fn)


def attempt(work):
    try:
        return work()
    except Exception as error:
        return {"error": "%s: %s" % (type(error).__name__, error)}


def main():
    with tempfile.TemporaryDirectory() as folder:
        instance = os.path.join(folder, "instance")
        os.mkdir(instance)
        paths = helpers.Paths({"cloud_dir": folder, "run_dir": folder})
        paths.get_ipath = lambda name=None: os.path.join(instance, str(name))
        paths.get_ipath_cur = lambda name=None: os.path.join(instance, str(name))
        for line in sys.stdin:
            with open(line.rstrip("\n"), "rb") as file:
                raw = file.read()
            answer = {"email": attempt(lambda: leaves(raw))}
            found = attempt(lambda: parts(raw, paths))
            if isinstance(found, dict):
                answer.update(parts=found, config=found, text=found)
            else:
                answer["parts"] = [part(each[2]["Content-Type"], each[0], each[1]) for each in found]
                config, text = merged(found, paths)
                answer.update(config=config, text=text)
            print(json.dumps(answer, default=str), flush=True)


main()
