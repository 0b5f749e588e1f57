#!/usr/bin/env bash
# As upstream: whether the ZooKeeper of this container is alive, with or without a quorum.
answer=$(echo ruok | nc -q 1 localhost 2181)
[ "$answer" = imok ]
