#!/usr/bin/env python3
"""Writes what the sources of a Milvus say about how it is run, as tests/facts/LINE.tsv has it.

    lab/milvus-facts.py TREE REVISION LINE > tests/facts/LINE.tsv

TREE is a clone of Milvus or of a fork that holds the branch, or a folder with its files at REVISION,
such as an unpacked download; then REVISION is only written down. Rows, each with the file that says so:

    file     NAME             a settings file below DIR that is read, in the order in which later ones win
    process  NAME  SESSIONS   an argument of `milvus run`, and what it registers as in etcd (`-`: nothing)
    key      NAME  DEFAULT    a setting that the code reads; the default of configs/milvus.yaml, else the
                              code's where it is a literal
    old      NAME  KEY  DEFAULT   another name of such a setting, read where the first is not set; the
                              default where configs/milvus.yaml has it under this name
    group    PREFIX           settings that begin so are read, whatever they end in
    yaml     NAME  DEFAULT    a setting of configs/milvus.yaml whose name stands nowhere in that code: it is
                              put together there in another way, or nobody reads it

Nothing is taken from a run. What is not found ends the script: a table without processes says nothing."""

import json
import re
import subprocess
import sys
from pathlib import Path

import yaml

KEY = re.compile(r"[A-Za-z][A-Za-z0-9]*(\.[A-Za-z0-9_]+)+")
CONFIG = "configs/milvus.yaml"


class Tree:
    def __init__(self, path, revision):
        self.path, self.revision = path, revision
        here = subprocess.run(["git", "-C", path, "rev-parse", f"{revision}^{{commit}}"], capture_output=True, text=True)
        self.commit = here.stdout.strip() if here.returncode == 0 else None

    def text(self, name):
        if self.commit is None:
            file = Path(self.path, name)
            return file.read_text() if file.is_file() else ""
        show = ["git", "-C", self.path, "show", f"{self.commit}:{name}"]
        return subprocess.run(show, capture_output=True, text=True).stdout

    def below(self, folder):
        """Names of the Go files below a folder that are no tests."""
        if self.commit is None:
            names = [str(file.relative_to(self.path)) for file in Path(self.path, folder).rglob("*.go")]
        else:
            tree = ["git", "-C", self.path, "ls-tree", "-r", "--name-only", self.commit, f"{folder}/"]
            names = subprocess.run(tree, capture_output=True, text=True).stdout.split("\n")
        return sorted(name for name in names if name.endswith(".go") and not name.endswith("_test.go"))

    def images(self):
        """The Dockerfiles, those of the newest Ubuntu first."""
        folder = "build/docker/milvus"
        return [f"{folder}/ubuntu{of}/{file}" for of in ("22.04", "20.04", "18.04") for file in ("Dockerfile", "Dockerfile.base")]

    def first(self, *names):
        """The first of these files that is there, with its text: they moved from internal to pkg."""
        for name in names:
            if text := self.text(name):
                return name, text
        sys.exit(f"none of {', '.join(names)} is in {self.path} at {self.revision}")


def here(name, text, at):
    return f"{name}:{text.count(chr(10), 0, at) + 1}"


def files(tree):
    name, text = tree.first("pkg/util/paramtable/base_table.go", "internal/util/paramtable/base_table.go")
    found = re.search(r"^var defaultYaml = (.*)$", text, re.M)
    one = re.search(r'DefaultMilvusYaml\s+= ("[^"]+")', text)
    value = one[1] if found[1] == "DefaultMilvusYaml" else found[1]
    # `initConfPath`: `configs` below the working directory, where nothing else is said.
    image = next(filter(None, (re.search(r"^WORKDIR (\S+)", tree.text(name), re.M) for name in tree.images())), None)
    below = re.search(r'runPath \+ "/(\w+)"', text)
    if not (found and image and below):
        sys.exit(f"{name} or no Dockerfile says what is read from where")
    folder = image[1].rstrip("/") + "/" + below[1]
    return [("dir", folder, here(name, text, below.start()))] + [
        ("file", file, here(name, text, found.start())) for file in re.findall(r'"([^"]+)"', value)
    ]


def words(tree):
    """The word for each role."""
    _, types = tree.first("pkg/util/typeutil/type.go", "internal/util/typeutil/type.go")
    return dict(re.findall(r'^\s*(\w+Role)\s+= "(\w+)"', types, re.M))


def processes(tree):
    named = words(tree)
    # What a package registers as; one that names itself registers the rest with it.
    registers = {}
    for name in tree.below("internal"):
        if "/mocks/" in name or "/util/" in name:
            continue
        text = tree.text(name)
        for field, role in re.findall(r"\.(\w*[sS]ession)\.Init\(typeutil\.(\w+)", text):
            registers.setdefault(name.rsplit("/", 1)[0], []).append((field, role))
    # In 2.3.0 it stands in run.go.
    texts = [(name, tree.text(name)) for name in ("cmd/milvus/util.go", "cmd/milvus/run.go")]
    name, text = next(((name, text) for name, text in texts if "serverType {" in text), ("", ""))
    body = re.search(r"^\tswitch (?:c\.)?serverType \{\n.*?^\t\}$", text, re.M | re.S)
    body = body[0] if body else ""
    # One process for several roles, which flags name, is a word of the command line's own; where one
    # coordinator does the work of all, its parts register no more.
    for file in ("cmd/milvus/help.go", "cmd/milvus/run.go"):
        named |= re.findall(r'^\s*([rR]oleMixture)\s*= "(\w+)"', tree.text(file), re.M)
    enables = "true" if "EnableMixCoord" in body or "MixCoordRole" in body else r"(?:true|(?:c\.)?enable\w+)"
    for case in re.finditer(r"^\tcase ([^:]+):\n(.*?)(?=^\t(?:case|default)|\Z)", body, re.M | re.S):
        enabled = re.findall(rf"^\t\trole\.Enable(\w+) = {enables}$", case[2], re.M)
        sessions = []
        for flag in enabled:
            for inits in registers.values():
                if ("session", flag + "Role") in inits:
                    sessions += [named[role] for _, role in inits if named[role] not in sessions]
        at = here(name, text, text.index(case[0]))
        for role in re.findall(r"typeutil\.(\w+)|\b([rR]oleMixture)\b", case[1]):
            yield ("process", named["".join(role)], " ".join(sessions) or "-", at)


def letters(name):
    return re.sub("[._/]", "", name.lower())


def leaves(node, path=""):
    if not isinstance(node, yaml.MappingNode):
        if isinstance(node, yaml.SequenceNode):
            value = json.dumps([item.value for item in node.value])
        else:
            value = "" if node.tag == "tag:yaml.org,2002:null" else node.value
        yield path, value.replace("\n", " ").replace("\t", " ")
        return
    for key, value in node.value:
        yield from leaves(value, f"{path}.{key.value}" if path else key.value)


def read(tree):
    """Names of settings in the code: with their default, old names, prefixes."""
    folder = "pkg/util/paramtable" if tree.below("pkg/util/paramtable") else "internal/util/paramtable"
    keys, old, groups = {}, {}, set()
    texts = [tree.text(name) for name in tree.below(folder)]
    # How processes are dialled is asked for by their names: `p.Domain + ".grpc.serverMaxSendSize"`.
    domains = re.findall(r'\.Init\("(\w+)", bt\)', "".join(texts)) or words(tree).values()
    for ending in re.findall(r'p\.Domain ?\+ ?"(\.[^"]+)"', "".join(texts)):
        keys |= {domain + ending: "" for domain in domains if KEY.fullmatch(domain + ending)}
    for text in texts:
        for item in re.finditer(r"Param(?:Item|Group)\{(.*?)\n\t+\}", text, re.S):
            prefix = re.search(r'KeyPrefix:\s*"([^"]+)"', item[1])
            key = re.search(r'\bKey:\s*"([^"]+)"', item[1])
            if prefix:
                groups.add(prefix[1])
            if key:
                default = re.search(r'DefaultValue:\s*"((?:[^"\\]|\\.)*)"', item[1])
                keys.setdefault(key[1], json.loads(f'"{default[1]}"') if default else "")
                for others in re.findall(r"FallbackKeys:\s*\[\]string\{([^}]*)\}", item[1]):
                    old |= {other: key[1] for other in re.findall(r'"([^"]+)"', others)}
        if "ParamItem" not in text:
            # Before 2.3 settings are loaded by their names.
            for literal in re.findall(r'"([^"\n]+)"', text):
                if KEY.fullmatch(literal) and not literal.endswith((".yaml", ".go")):
                    keys.setdefault(literal, "")
    return keys, {name: key for name, key in old.items() if name not in keys}, groups


def main():
    path, revision, line = sys.argv[1:]
    tree = Tree(path, revision)
    rows = files(tree) + list(processes(tree))
    keys, old, groups = read(tree)
    shipped = dict(leaves(yaml.compose(tree.text(CONFIG))))
    # Names are compared by their letters (`formatKey` in pkg/config/config.go): 2.2 asks for `minio.Address`.
    spelt = {letters(name): name for name in shipped}
    names = {spelt.get(letters(name), name): name for name in [*old, *keys]}
    for name in sorted(names | shipped):
        asked = names.get(name)
        if asked in keys and KEY.fullmatch(name):
            rows.append(("key", name, shipped.get(name, keys[asked])))
        elif asked in old:
            rows.append(("old", name, old[asked]) + ((shipped[name],) if name in shipped else ()))
        elif name in shipped:
            kind = "key" if name.startswith(tuple(groups)) else "yaml"
            rows.append((kind, name, shipped[name]))
    rows += [("group", prefix) for prefix in sorted(groups)]
    if not all(any(row[0] == kind for row in rows) for kind in ("dir", "file", "process", "key")):
        sys.exit(f"{path} at {revision} has not what this script knows to read")
    print(f"# What Milvus {line} is run by: commit {tree.commit or revision} of milvus, by lab/milvus-facts.py.")
    for row in rows:
        print("\t".join(row))


main()
