"""Gives root another password, as an administrator does: the old one and the new one are two lines
of the standard input."""

import sys

from pymilvus import connections, utility
from vectors import arguments, say


def main():
    args = arguments()
    new = sys.stdin.readline().rstrip("\n")
    connections.connect(
        host=args.host, port=args.port, user="root", password=args.password, timeout=10
    )
    utility.reset_password("root", args.password, new)
    say(changed=True)


main()
