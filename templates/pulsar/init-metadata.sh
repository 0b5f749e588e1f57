#!/usr/bin/env bash
# Writes Pulsar's cluster metadata into ZooKeeper. Safe to run again.
set -eu
exec bin/pulsar initialize-cluster-metadata \
    --cluster "$INIT_CLUSTER" \
    --zookeeper "$INIT_ZOOKEEPERS" \
    --configuration-store "$INIT_ZOOKEEPERS" \
    --web-service-url "$INIT_WEB_URL" \
    --broker-service-url "$INIT_BROKER_URL"
