#!/usr/bin/env python3
"""Writes out/NAME.conf for a site, and takes it away when the site goes.

A worker that lives on: each line of standard input is a JSON document (the site, and the certificates that it names); each is answered by one line on standard output. Standard error is
the log. Python's standard library is all it needs. See README.md.
"""

import json
import os
import re
import sys


class Refused(Exception):
    """Wrong until somebody changes the entry."""

    def __init__(self, reason, message):
        super().__init__(message)
        self.reason = reason


def ready(status, reason, message):
    return {"conditions": [{"type": "Ready", "status": status, "reason": reason, "message": message}]}


def looks(value, pattern):
    """Whether a value is a text that is of this form, all of it. Whatever goes into the configuration is looked at: a value must not become a directive."""
    return isinstance(value, str) and re.fullmatch(pattern, value) is not None


def checked(spec):
    """Port, root and hosts of a site."""
    port, root, hosts = spec.get("port"), spec.get("root"), spec.get("hosts")
    if type(port) is not int or not 0 < port < 65536:
        raise Refused("BadPort", "spec.port must be a number")
    if not looks(root, r"/.*"):
        raise Refused("BadRoot", "spec.root must be an absolute path")
    if not looks(root, r"[A-Za-z0-9._/-]*"):
        raise Refused("BadRoot", "spec.root must be of letters, digits, dots, dashes and slashes")
    if not isinstance(hosts, list) or not hosts or not all(looks(host, r"[A-Za-z0-9.-]+") for host in hosts):
        raise Refused("BadHosts", "spec.hosts must be a list of host names")
    return port, root, hosts


def configuration(name, port, root, hosts, certificates):
    lines = [
        f"# Written by trimtab for site/{name}; changes made here will be lost.",
        "server {",
        f"    listen {port} ssl;",
        f"    server_name {' '.join(hosts)};",
        f"    root {root};",
    ]
    for certificate in certificates:
        files = certificate.get("certificate"), certificate.get("key")
        if not all(looks(file, r"[A-Za-z0-9._/-]+") for file in files):
            raise Refused("BadCertificate", "a certificate must name its files by letters, digits, dots, dashes and slashes")
        lines.append(f"    ssl_certificate {files[0]};")
        lines.append(f"    ssl_certificate_key {files[1]};")
        lines.append(f"    # serial {re.sub(r'[^A-Za-z0-9:]', '', str(certificate.get('serial', '')))}")
    return "\n".join(lines + ["}", ""])


def make_so(file, text):
    """Replaces a file, whole or not at all; one that is as it should be is left alone."""
    try:
        with open(file, encoding="utf-8") as found:
            if found.read() == text:
                return
    except FileNotFoundError:
        pass
    folder, name = os.path.split(file)
    os.makedirs(folder, exist_ok=True)
    new = os.path.join(folder, f".{name}.new")
    with open(new, "w", encoding="utf-8") as writing:
        writing.write(text)
    os.replace(new, file)
    print(f"wrote {file}", file=sys.stderr, flush=True)


def remove(file):
    try:
        os.remove(file)
    except (FileNotFoundError, NotADirectoryError):
        pass  # gone already, or never written


def reconcile(document):
    request = document["request"]
    name = request["name"]
    # A name may hold more than a file name should. Nothing was ever written for such a site.
    writable = looks(name, r"[A-Za-z0-9-][A-Za-z0-9.-]*")
    stem = name if request["namespace"] == "default" else f"{request['namespace']}--{name}"
    file = f"out/{stem}.conf"

    if document["deleting"]:
        if writable:
            remove(file)
        return {"finalized": True}
    if document["entry"] is None:
        return {}  # gone, and cleaned up before it went
    if not writable:
        raise Refused("BadName", "the name must be of letters, digits, dots and dashes")
    site = checked(document["entry"]["spec"])

    # A certificate that is not there is no reason to fail: when it comes, this runs again.
    referred = [reference["entry"] for reference in document["references"]]
    if None in referred:
        return {"status": ready("False", "CertificateMissing", "a certificate that the site names is not there yet")}
    make_so(file, configuration(name, *site, [entry["spec"] for entry in referred]))
    return {"status": ready("True", "Written", f"written {file}")}


def answer(line):
    try:
        return reconcile(json.loads(line))
    except Refused as refused:
        message = str(refused)
        return {"outcome": "terminal", "message": message, "status": ready("False", refused.reason, message)}
    except Exception as error:  # this run failed; the worker has not
        return {"outcome": "failed", "message": f"{type(error).__name__}: {error}"}


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(answer(line)), flush=True)
