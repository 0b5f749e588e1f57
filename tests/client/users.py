"""Searches and inserts twice a second until told to stop, as users would; then tells how long each
stood still at most, and whether every insert that was acknowledged is there."""

import random
import signal
import threading
import time

from vectors import COLLECTION, Collection, arguments, connect, say, vector

PAUSE = 0.5
stopped = threading.Event()


class Deed:
    """Something done again and again: when it last went well, and the longest pause."""

    def __init__(self):
        self.well = time.time()
        self.longest = 0.0
        self.done = 0
        self.failed = 0
        self.reasons = []

    def tries(self, act):
        while not stopped.is_set():
            try:
                act()
                now = time.time()
                self.longest = max(self.longest, now - self.well)
                self.well = now
                self.done += 1
            except Exception as error:  # whatever a user would see
                self.failed += 1
                self.reasons.append(f"{time.time():.1f} {type(error).__name__}: {error}"[:200])
            stopped.wait(PAUSE)
        self.longest = max(self.longest, time.time() - self.well)

    def told(self):
        return {
            "done": self.done,
            "failed": self.failed,
            "longest": round(self.longest, 1),
            "reasons": self.reasons[:5],
        }


def acknowledged_are_there(collection, acknowledged):
    deadline = time.time() + 120
    missing = list(acknowledged)
    while missing and time.time() < deadline:
        try:
            found = set()
            for start in range(0, len(acknowledged), 1000):
                some = acknowledged[start : start + 1000]
                rows = collection.query(f"id in {some}", consistency_level="Strong", timeout=30)
                found.update(row["id"] for row in rows)
            missing = [row for row in acknowledged if row not in found]
        except Exception:  # not yet
            pass
        if missing:
            time.sleep(1)
    return missing


def main():
    args = arguments(collection=COLLECTION)
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    connect(args)
    collection = Collection(args.collection)
    # Rows that no other run of this program has made.
    rows = iter(range(int(time.time() * 1000) * 1000, 1 << 62))
    known = {row: vector(row) for row in random.Random(1).sample(range(args.rows), 100)}
    acknowledged, wrong = [], []

    def search():
        row = random.choice(list(known))
        found = collection.search(
            [known[row]], "vector", {"metric_type": "L2"}, limit=1, timeout=5
        )
        if not found[0] or found[0][0].id != row:
            wrong.append(row)

    def insert():
        row = next(rows)
        collection.insert([[row], [vector(row)]], timeout=5)
        acknowledged.append(row)

    searches, inserts = Deed(), Deed()
    threads = [
        threading.Thread(target=searches.tries, args=[search]),
        threading.Thread(target=inserts.tries, args=[insert]),
    ]
    say(ready=True)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lost = acknowledged_are_there(collection, acknowledged)
    say(searches=searches.told(), inserts=inserts.told(), wrong=len(wrong), lost=len(lost))


main()
