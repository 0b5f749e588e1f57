"""Fills a collection with rows under an exact index, and loads it. Each shard gets so many sealed
segments of them."""

from vectors import COLLECTION, Collection, arguments, connect, say, schema, utility, vector


def main():
    args = arguments(collection=COLLECTION, shards=2, segments=2)
    connect(args)
    if utility.has_collection(args.collection):
        utility.drop_collection(args.collection)
    collection = Collection(
        args.collection, schema(), shards_num=args.shards, consistency_level="Strong"
    )
    each = args.rows // args.segments
    for segment in range(args.segments):
        rows = range(segment * each, (segment + 1) * each)
        collection.insert([list(rows), [vector(row) for row in rows]])
        # A flush seals the segment, so that query nodes have several to share.
        collection.flush()
    collection.create_index(
        "vector", {"index_type": "FLAT", "metric_type": "L2", "params": {}}
    )
    collection.load(timeout=120)
    say(rows=collection.num_entities)


main()
