#!/usr/bin/env bash
# As upstream: adds the servers of ZOOKEEPER_SERVERS to the file, and writes this
# host's number. Names get this host's domain, which Swarm leaves empty, unless
# EXTERNAL_PROVIDED_SERVERS is true.
conf=$1
domain=$(hostname -d)
number=1
mine=
for server in ${ZOOKEEPER_SERVERS//,/ }; do
    if [ "${EXTERNAL_PROVIDED_SERVERS:-false}" = true ]; then
        echo "server.$number=$server" >> "$conf"
    else
        echo "server.$number=$server.$domain:2888:3888" >> "$conf"
    fi
    if [ "$HOSTNAME" = "$server" ]; then
        mine=$number
        echo "Current server id $mine"
    fi
    number=$((number + 1))
done
if [ -n "$mine" ]; then
    dir=$(sed -n 's/^dataDir=//p' "$conf")
    if [ ! -e "$dir/myid" ]; then
        echo "Creating $dir/myid with id = $mine"
        mkdir -p "$dir"
        echo "$mine" > "$dir/myid"
    fi
fi
