"""Knocks at proxies until it is told to stop, with root's password and with the one that everybody knows:
{"own": how often the first got in, "known": how often the second did, "tries": how often that was tried}.

It asks the REST interface, which answers at once whatever else Milvus can't do.
"""

import signal
import threading
import urllib.request

from vectors import arguments, say

KNOWN = "Milvus"
PAUSE = 0.2
stopped = threading.Event()


class Door:
    """One proxy."""

    def __init__(self, host, port, own):
        self.url = f"http://{host}:{port}/v1/vector/collections"
        self.passwords = {"own": own, "known": KNOWN}
        self.opened = dict.fromkeys(self.passwords, 0)
        self.answered = 0
        self.tries = 0

    def is_open(self, password):
        request = urllib.request.Request(self.url)
        request.add_header("Authorization", f"Bearer root:{password}")
        try:
            with urllib.request.urlopen(request, timeout=3) as answer:
                body = answer.read(4096)
        except Exception:  # closed, away, another status
            return False
        return b'"code":200' in body.replace(b" ", b"")

    def knock(self):
        while not stopped.is_set():
            for name, password in self.passwords.items():
                self.opened[name] += self.is_open(password)
            self.tries += 1
            stopped.wait(PAUSE)


def main():
    args = arguments(others="")
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    hosts = [args.host, *filter(None, args.others.split(","))]
    doors = [Door(host, args.port, args.password) for host in hosts]
    threads = [threading.Thread(target=door.knock) for door in doors]
    say(ready=True)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    say(
        own=sum(door.opened["own"] for door in doors),
        known=sum(door.opened["known"] for door in doors),
        tries=sum(door.tries for door in doors),
    )


main()
