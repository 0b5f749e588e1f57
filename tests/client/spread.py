"""Which query node holds how many rows of sealed segments, and which leads shards. With
--reload 1 the collection is loaded anew first, which spreads it over every query node; with
--alone 1 every other collection is released before that."""

import time

from pymilvus import utility
from vectors import Collection, arguments, connect, say

# Milvus' coordinator learns every half second what each query node holds: right after a release
# it still counts what is gone, and a collection loaded then is "loaded" where it was before.
SETTLE = 3
PATIENCE = 60


def look(collection):
    replicas = collection.get_replicas().groups
    rows = {node: 0 for replica in replicas for node in replica.group_nodes}
    for segment in utility.get_query_segment_info(collection.name):
        for node in segment.nodeIds or [segment.nodeID]:
            rows[node] = rows.get(node, 0) + segment.num_rows
    leaders = sorted({shard.shard_leader for replica in replicas for shard in replica.shards})
    return rows, leaders


def main():
    args = arguments(reload=0, alone=0, collection="e2e")
    connect(args)
    collection = Collection(args.collection)
    if args.alone:
        # Milvus gives a shard to the node that leads the fewest shards of whatever collection
        # (milvus: internal/querycoordv2/balance/rowcount_based_balancer.go): one that leads
        # those of another collection may get none of this one.
        for other in set(utility.list_collections()) - {args.collection}:
            Collection(other).release()
    if args.reload:
        collection.release()
        time.sleep(SETTLE)
        collection.load(timeout=180)
        time.sleep(SETTLE)
    deadline = time.time() + PATIENCE
    while True:
        try:
            rows, leaders = look(collection)
            if not args.reload or all(rows.values()) or time.time() > deadline:
                break
        except Exception:  # just loaded, not told to everybody yet
            if time.time() > deadline:
                raise
        time.sleep(1)
    say(rows={str(node): count for node, count in sorted(rows.items())}, leaders=leaders)


main()
