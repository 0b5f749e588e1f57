#!/usr/bin/env python3
"""Writes environment variables into Pulsar's configuration files.

As upstream: a variable whose name is a key of the file replaces its value; one
named PULSAR_PREFIX_<key> also adds a key that the file does not have."""

import os
import sys

PREFIX = "PULSAR_PREFIX_"


def shown(key, value):
    return "********" if "password" in key.lower() else value


def apply(path):
    with open(path) as file:
        lines = file.read().splitlines()
    keys = {}
    for number, line in enumerate(lines):
        line = line.strip()
        if line and not line.startswith("#") and "=" in line:
            keys[line.split("=", 1)[0].strip()] = number
    for name, value in sorted(os.environ.items()):
        value = value.strip()
        if name.startswith(PREFIX):
            key = name[len(PREFIX):]
            if key not in keys:
                keys[key] = len(lines)
                lines.append("")
                print(f"[{path}] Adding config {key} = {shown(key, value)}")
        elif name in keys:
            key = name
        else:
            continue
        print(f"[{path}] Applying config {key} = {shown(key, value)}")
        lines[keys[key]] = f"{key}={value}"
    with open(path, "w") as file:
        file.write("\n".join(lines) + "\n")


if len(sys.argv) < 2:
    sys.exit("Usage: apply-config-from-env.py <path-to-conf-file> [...]")
for conf in sys.argv[1:]:
    apply(conf)
