"""Discourse networks: which actors make which claims about what, and who agrees with whom."""

from corpus.network.actors import Actor, Actors
from corpus.network.graph import Networks, Statement, networks, statements
from corpus.network.write import write_network

__all__ = ["Actor", "Actors", "Networks", "Statement", "networks", "statements", "write_network"]
