#!/usr/bin/env python3
"""Writes how upstream's chart runs Pulsar, as tests/facts/pulsar.tsv has it.

    lab/pulsar-facts.py TREE REVISION > tests/facts/pulsar.tsv

TREE is a clone of milvus-helm. Rows, of `pulsarv3` in its values.yaml laid over the values of the chart of Pulsar
that it bundles, without memory, which is the inventory's to say:

    java     COMPONENT  OPTION       a word of PULSAR_GC
    setting  COMPONENT  KEY  VALUE   another key of configData, which goes into the component's configuration file"""

import io
import re
import subprocess
import sys
import tarfile

import yaml

tree, revision = sys.argv[1:]
CHART = "charts/milvus"


def git(*words):
    return subprocess.run(["git", "-C", tree, *words], capture_output=True, check=True).stdout


commit = git("rev-parse", f"{revision}^{{commit}}").decode().strip()
show = lambda name: git("show", f"{commit}:{CHART}/{name}")
version = yaml.safe_load(show("Chart.yaml"))["version"]
needs = yaml.safe_load(show("requirements.yaml"))["dependencies"]
pulsar = next(need for need in needs if need.get("alias") == "pulsarv3")["version"]
archive = tarfile.open(fileobj=io.BytesIO(show(f"charts/pulsar-{pulsar}.tgz")))
below = yaml.safe_load(archive.extractfile("pulsar/values.yaml").read())
above = yaml.safe_load(show("values.yaml"))["pulsarv3"]

print(f"# How Pulsar is run by milvus-helm {version} with pulsar {pulsar}: commit {commit}, by lab/pulsar-facts.py.")
for component in ("zookeeper", "bookkeeper", "broker"):
    data = {**below[component]["configData"], **above[component]["configData"]}
    for option in data.pop("PULSAR_GC").split():
        print("java", component, option, sep="\t")
    data.pop("PULSAR_MEM")
    for key, value in sorted(data.items()):
        if not re.fullmatch(r"[A-Za-z_0-9]+", key):
            sys.exit(f"{component}: no setting: {key}")
        print("setting", component, key, value, sep="\t")
