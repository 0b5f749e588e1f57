#!/usr/bin/env bash
# Starts a ZooKeeper server whose number is checked against the data it finds.
set -eu
mkdir -p data/zookeeper
if [ -f data/zookeeper/myid ]; then
    found=$(cat data/zookeeper/myid)
    if [ "$found" != "$ZOOKEEPER_ID" ]; then
        echo "this volume belongs to ZooKeeper server $found, and this is server $ZOOKEEPER_ID: not started" >&2
        exit 1
    fi
else
    echo "$ZOOKEEPER_ID" > data/zookeeper/myid
fi
exec bin/pulsar zookeeper
