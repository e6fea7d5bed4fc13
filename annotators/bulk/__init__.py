"""Many articles at once: files at any address, each shard of them a small workspace, on the cores of one machine or a cluster."""

from annotators.bulk.collect import collect
from annotators.bulk.run import ENGINES, Engine, bulk
from annotators.bulk.shards import Shard, shards_of

__all__ = ["ENGINES", "Engine", "Shard", "bulk", "collect", "shards_of"]
