"""A first vector search: what the demo ends with. The password comes on standard input."""

import random
import sys

from pymilvus import Collection, CollectionSchema, DataType, FieldSchema, connections, utility

NAME, ROWS, DIMENSION = "demo", 3000, 64

address, password = sys.argv[1], sys.stdin.readline().strip()
connections.connect(host=address, port="19530", user="root", password=password)
if utility.has_collection(NAME):
    utility.drop_collection(NAME)
schema = CollectionSchema(
    [
        FieldSchema("id", DataType.INT64, is_primary=True),
        FieldSchema("vector", DataType.FLOAT_VECTOR, dim=DIMENSION),
    ]
)
collection = Collection(NAME, schema, consistency_level="Strong")
random.seed(7)
vectors = [[random.random() for _ in range(DIMENSION)] for _ in range(ROWS)]
collection.insert([list(range(ROWS)), vectors])
collection.create_index(
    "vector",
    {"index_type": "HNSW", "metric_type": "L2", "params": {"M": 16, "efConstruction": 100}},
)
collection.load()
hits = collection.search(
    [vectors[42]], "vector", {"metric_type": "L2", "params": {"ef": 64}}, limit=3
)[0]
print(f"inserted {ROWS} vectors of {DIMENSION} dimensions, indexed and loaded them")
for rank, hit in enumerate(hits, 1):
    print(f"  {rank}. id {hit.id:<5} distance {hit.distance:.4f}")
if hits[0].id != 42:
    sys.exit("the nearest neighbour of vector 42 should be vector 42 itself")
utility.drop_collection(NAME)
