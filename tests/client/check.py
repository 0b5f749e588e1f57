"""Checks that every row that was loaded is still found."""

import time

from vectors import COLLECTION, Collection, arguments, connect, say, vector


def main():
    args = arguments()
    connect(args)
    collection = Collection(COLLECTION)
    collection.load(timeout=180)
    rows = list(range(0, args.rows, max(1, args.rows // 200)))
    deadline = time.time() + 90
    wrong, error = rows, ""
    while wrong and time.time() < deadline:
        # A collection is searchable some seconds after Milvus says that it is loaded.
        try:
            found = collection.search(
                [vector(row) for row in rows], "vector", {"metric_type": "L2"}, limit=1, timeout=30
            )
            wrong = [r for r, hits in zip(rows, found) if not hits or hits[0].id != r]
        except Exception as failure:
            error = str(failure)[:300]
        if wrong:
            time.sleep(1)
    say(rows=collection.num_entities, asked=len(rows), wrong=len(wrong), error=error)


main()
