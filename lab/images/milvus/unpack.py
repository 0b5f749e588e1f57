"""Unpacks the binaries of the `milvus` wheel and renders its configuration
template to the values of upstream's distributed image."""

import lzma
import pathlib
import re
import sys

source, milvus = map(pathlib.Path, sys.argv[1:])

for packed in sorted((source / "bin").glob("*.lzma")):
    target = milvus / ("bin" if packed.stem == "milvus" else "lib") / packed.stem
    target.write_bytes(lzma.decompress(packed.read_bytes()))
    target.chmod(0o755)

DIRS = {
    "etcd_data_dir": "default.etcd",
    "local_storage_dir": "/var/lib/milvus/data/",
    "rocksmq_data_dir": "/var/lib/milvus/rdb_data",
    "system_log_path": "",
}


def value(match):
    name, default = match.group(1), match.group(2) or ""
    return DIRS.get(name, default.strip())


text = (source / "config.yaml.template").read_text()
text = re.sub(r"\{\{\s*(\w+)(?:\(\w+\))?(?::([^}]*?))?\s*\}\}", value, text)

# The wheel's template is that of an embedded Milvus.
for lite, upstream in [
    ("    embed: true", "    embed: false"),
    ("  type: rocksmq", "  type: default"),
    ("  storageType: local", "  storageType: minio"),
]:
    if text.count(lite) != 1:
        sys.exit(f"the template has no single `{lite}`")
    text = text.replace(lite, upstream)

(milvus / "configs" / "milvus.yaml").write_text(text)
(milvus / "configs" / "glog.conf").write_text(
    "--logtostdout=true\n--logtostderr=false\n--alsologtostderr=false\n--minloglevel=0\n"
    "--log_dir=/var/lib/milvus/logs/\n--max_log_size=200\n--stop_logging_if_full_disk=true\n"
)
