#!/usr/bin/env bash
# Writes the metadata of BookKeeper and of Pulsar into ZooKeeper. Safe to run again.
set -eu
# BookKeeper's goes first, all of it in one transaction. Pulsar would make `/ledgers` and then its
# instance ID: a bookie that starts in between stamps its volume with none, and may never start again.
export PULSAR_PREFIX_zkServers="$INIT_ZOOKEEPERS"
bin/apply-config-from-env.py conf/bookkeeper.conf
bin/bookkeeper shell initnewcluster || bin/bookkeeper shell whatisinstanceid
exec bin/pulsar initialize-cluster-metadata \
    --cluster "$INIT_CLUSTER" \
    --zookeeper "$INIT_ZOOKEEPERS" \
    --configuration-store "$INIT_ZOOKEEPERS" \
    --web-service-url "$INIT_WEB_URL" \
    --broker-service-url "$INIT_BROKER_URL"
