#!/usr/bin/env python3
"""Writes the settings that a minor of Milvus ships with, as templates/milvus/MINOR.yaml has them.

    lab/milvus-defaults.py GIT REVISION MINOR > templates/milvus/MINOR.yaml

GIT is a clone of Milvus or of a fork that holds the branch. Only keys and values are taken,
sorted; comments are not. A plain scalar that Go's YAML takes for a number or a truth value stays
plain, everything else is quoted: `1.0` and `"1.0"` reach Milvus as `1` and `1.0`."""

import json
import re
import subprocess
import sys

import yaml

PLAIN = re.compile(r"true|false|[-+]?(0|[1-9][0-9]*)(\.[0-9]+)?")


def scalar(node):
    if node.tag == "tag:yaml.org,2002:null":
        return '""'
    if node.style is None and PLAIN.fullmatch(node.value):
        return node.value
    return json.dumps(node.value, ensure_ascii=False)


def block(node, depth):
    for key, value in sorted(node.value, key=lambda pair: pair[0].value):
        name = key.value if re.fullmatch("[A-Za-z][A-Za-z0-9]*", key.value) else json.dumps(key.value)
        start = f"{'  ' * depth}{name}:"
        if isinstance(value, yaml.MappingNode):
            print(start)
            block(value, depth + 1)
        elif isinstance(value, yaml.SequenceNode):
            print(start, f"[{', '.join(map(scalar, value.value))}]")
        else:
            print(start, scalar(value))


git, revision, minor = sys.argv[1:]
show = ["git", "-C", git, "show", f"{revision}:configs/milvus.yaml"]
text = subprocess.run(show, check=True, capture_output=True, text=True).stdout
commit = ["git", "-C", git, "rev-parse", f"{revision}^{{commit}}"]
commit = subprocess.run(commit, check=True, capture_output=True, text=True).stdout.strip()
print(f"# What Milvus {minor} is set to where nobody says otherwise: configs/milvus.yaml of milvus,")
print(f"# commit {commit}, by lab/milvus-defaults.py.")
block(yaml.compose(text), 0)
