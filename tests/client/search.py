"""Searches for rows until told to stop, and counts failed and wrong answers."""

import random
import signal
import time

from vectors import COLLECTION, Collection, arguments, connect, say, vector

stopped = False


def stop(*_):
    global stopped
    stopped = True


def main():
    args = arguments(seconds=0.0, collection=COLLECTION, level="", idle=0.0)
    signal.signal(signal.SIGTERM, stop)
    connect(args)
    collection = Collection(args.collection)
    known = {row: vector(row) for row in random.Random(1).sample(range(args.rows), 500)}
    rows = list(known)
    counts = {"searches": 0, "failed": 0, "wrong": 0, "slowest": 0.0}
    reasons = []
    # As the collection has it, unless another one is named.
    level = {"consistency_level": args.level} if args.level else {}
    say(ready=True)
    if args.idle:
        time.sleep(args.idle)
    end = time.time() + args.seconds if args.seconds else float("inf")
    while not stopped and time.time() < end:
        batch = random.sample(rows, 5)
        counts["searches"] += len(batch)
        begun = time.time()
        try:
            found = collection.search(
                [known[row] for row in batch], "vector", {"metric_type": "L2"}, limit=1, timeout=30, **level
            )
        except Exception as error:  # whatever a user would see
            counts["failed"] += len(batch)
            reasons.append(f"{time.time():.1f} {type(error).__name__}: {error}"[:300])
            continue
        counts["slowest"] = max(counts["slowest"], round(time.time() - begun, 2))
        for row, hits in zip(batch, found):
            if not hits or hits[0].id != row:
                counts["wrong"] += 1
                got = hits[0].id if hits else None
                reasons.append(f"{time.time():.1f} row {row} found {got}")
    say(**counts, reasons=reasons[:20])


main()
