"""Whether one password is taken: {"in": true} or {"in": false}."""

from pymilvus import connections, utility
from vectors import arguments, say


def main():
    args = arguments()
    try:
        connections.connect(
            host=args.host, port=args.port, user="root", password=args.password, timeout=10
        )
        utility.list_collections(timeout=10)
        say(**{"in": True})
    except Exception as error:  # pymilvus has many
        say(**{"in": False, "error": str(error)[:300]})


main()
