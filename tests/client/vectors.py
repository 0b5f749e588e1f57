"""What every client of the tests shares: the connection and vectors that anyone can recompute."""

import argparse
import json
import random
import sys

from pymilvus import Collection, CollectionSchema, DataType, FieldSchema, connections, utility

COLLECTION = "e2e"
DIMENSION = 32


def arguments(**more):
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", default="19530")
    parser.add_argument("--rows", type=int, default=20000)
    for name, value in more.items():
        parser.add_argument(f"--{name}", type=type(value), default=value)
    parsed = parser.parse_args()
    # The password comes on standard input: arguments can be read by anyone.
    parsed.password = sys.stdin.readline().strip()
    return parsed


def connect(args):
    connections.connect(
        host=args.host, port=args.port, user="root", password=args.password, timeout=30
    )


def vector(row):
    """The vector of a row; the same in every process."""
    source = random.Random(row)
    return [source.uniform(-1.0, 1.0) for _ in range(DIMENSION)]


def say(**facts):
    print(json.dumps(facts), flush=True)


def schema():
    return CollectionSchema(
        [
            FieldSchema("id", DataType.INT64, is_primary=True, auto_id=False),
            FieldSchema("vector", DataType.FLOAT_VECTOR, dim=DIMENSION),
        ]
    )


__all__ = [
    "COLLECTION",
    "Collection",
    "arguments",
    "connect",
    "say",
    "schema",
    "utility",
    "vector",
]
