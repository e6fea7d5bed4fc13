"""The files of a network export: tables, GraphML, what Discourse Network Analyzer takes, and a page to look at.

GraphML (http://graphml.graphdrawing.org) is read by Gephi, visone, igraph, networkx and others. Discourse Network
Analyzer has no import of statement tables of its own: its R package rDNA adds documents and statements by function
(`dna_addDocuments`, `dna_addStatement`). So two CSV files are written, with the columns of DNA's own statement type ("DNA
Statement": person, organization, concept, agreement) and of its documents, and a short R script that reads them.
"""

from __future__ import annotations

import csv
import io
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from corpus.document import Document
from corpus.engine import batches
from corpus.errors import InputError
from corpus.jsonl import output
from corpus.network.actors import Actor
from corpus.network.graph import Networks, Statement
from corpus.plots import xml_text
from corpus.schema import DOCUMENTS
from corpus.store import Workspace
from corpus.targets.dates import published

_BATCH = 64
_NAMESPACE = "http://graphml.graphdrawing.org/xmlns"
_TYPES = {str: "string", int: "int", float: "double", bool: "boolean"}

FILES = (
    "table.csv",
    "affiliation.graphml",
    "congruence.graphml",
    "conflict.graphml",
    "dna/documents.csv",
    "dna/statements.csv",
    "dna/import.R",
    "network.html",
)


TABLE_COLUMNS = ("actor", "name_en", "name_zh", "label", "concept", "stance", "statements", "articles")
STATEMENT_COLUMNS = (
    *("ID", "document_id", "start", "stop", "person", "organization", "concept", "agreement", "stance", "type"),
    *("policy_area", "actor_id", "document", "pair", "lang", "date", "text"),
)
DOCUMENT_COLUMNS = (
    *("document_id", "title", "text", "author", "source", "section", "type", "notes", "date_time"),
    "id",
)


def write_network(
    workspace: Workspace, found: Sequence[Statement], made: Networks, folder: Path, *, title: str, note: str = ""
) -> list[Path]:
    """Write all `FILES` into `folder`, which is made where it is not there; returns their paths.

    Each file appears whole or not at all. Raises InputError where the folder cannot be written.
    """
    from corpus.network.page import network_page

    try:
        (folder / "dna").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be made: {error.strerror}; name another folder with -o") from None
    texts: dict[str, str | Iterator[str]] = {
        "table.csv": _csv(TABLE_COLUMNS, table_rows(made), marked=True),
        "affiliation.graphml": affiliation_graphml(made),
        "congruence.graphml": actor_graphml(made, made.congruence),
        "conflict.graphml": actor_graphml(made, made.conflict),
        "dna/documents.csv": _csv(DOCUMENT_COLUMNS, _document_rows(workspace, found)),
        "dna/statements.csv": _csv(STATEMENT_COLUMNS, _statement_rows(workspace, found, made)),
        "dna/import.R": _IMPORT,
        "network.html": network_page(made, title=title, note=note),
    }
    for name, text in texts.items():
        with output(str(folder / name)) as stream:
            stream.writelines([text] if isinstance(text, str) else text)
    return [folder / name for name in texts]


def table_rows(made: Networks) -> Iterator[dict[str, str | int]]:
    """Actor × concept × stance: a row for each that comes, with the statements and the articles that they are from."""
    order = {id: number for number, id in enumerate(made.actors)}
    places = {name: number for number, name in enumerate(made.concepts)}
    for (id, concept, stance), (number, articles) in sorted(
        made.table.items(), key=lambda row: (order[row[0][0]], places[row[0][1]], row[0][2])
    ):
        actor = made.actors[id]
        yield {
            "actor": actor.id,
            "name_en": actor.en,
            "name_zh": actor.zh,
            "label": actor.label,
            "concept": concept,
            "stance": stance,
            "statements": number,
            "articles": articles,
        }


def _statement_rows(workspace: Workspace, found: Iterable[Statement], made: Networks) -> Iterator[dict[str, str | int]]:
    """The statements as DNA has them. `agreement` is 1 for support, 0 for oppose, and empty for neutral.

    `start` and `stop` count UTF-16 units, as Java does: a character beyond the BMP is two. An organisation stands in
    `organization`; a person in both, so that a network of organisations leaves nobody out.
    """
    kept = [statement for statement in found if statement.actor.id in made.actors]
    numbers = {id: number for number, id in enumerate(_names(found), 1)}
    offsets: dict[str, _Utf16] = {}
    for document in _documents(workspace, _names(kept)):
        offsets[document.id] = _Utf16(document.text)
    for number, statement in enumerate(kept, 1):
        claim, id = statement.claim, statement.document
        yield {
            "ID": number,
            "document_id": numbers[id],
            "start": offsets[id].of(claim.start),
            "stop": offsets[id].of(claim.end),
            "person": statement.actor.name if statement.actor.is_person else "",
            "organization": statement.actor.name,
            "concept": statement.concept,
            "agreement": {"support": 1, "oppose": 0}.get(claim.stance, ""),
            "stance": claim.stance,
            "type": claim.type,
            "policy_area": claim.policy_area,
            "actor_id": statement.actor.id,
            "document": id,
            "pair": statement.pair,
            "lang": statement.lang,
            "date": statement.date,
            "text": claim.span.surface,
        }


class _Utf16:
    """Code points of a text to UTF-16 units."""

    def __init__(self, text: str) -> None:
        self.wide = [at for at, character in enumerate(text) if ord(character) > 0xFFFF]

    def of(self, offset: int) -> int:
        return offset + bisect_left(self.wide, offset)


def _document_rows(workspace: Workspace, found: Iterable[Statement]) -> Iterator[dict[str, Any]]:
    for number, document in enumerate(_documents(workspace, _names(found)), 1):
        day = published(document.meta.get("date", ""))
        yield {
            "document_id": number,
            "title": document.meta.get("title", "") or document.id,
            "text": document.text,
            "author": document.meta.get("author", ""),
            "source": document.meta.get("source", ""),
            "section": document.pair,
            "type": document.lang,
            "notes": document.source,
            "date_time": f"{day.isoformat()} 00:00:00" if day else "",
            "id": document.id,
        }


def _names(found: Iterable[Statement]) -> list[str]:
    """The documents that statements are from, in their order."""
    return list(dict.fromkeys(statement.document for statement in found))


def _documents(workspace: Workspace, names: Sequence[str]) -> Iterator[Document]:
    """Some documents, read a few at a time."""
    for ids in batches(names, _BATCH):
        documents = workspace.fetch(DOCUMENTS, ids)
        yield from (documents[id] for id in ids)


def _csv(columns: Sequence[str], rows: Iterable[Mapping[str, Any]], *, marked: bool = False) -> Iterator[str]:
    """Rows as lines of CSV. `marked`: for spreadsheets, with the mark of UTF-8, and no cell that they take for a formula."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, lineterminator="\n")
    if marked:
        yield "\ufeff"
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _cell(value, marked) for name, value in row.items()})
        yield stream.getvalue()
        stream.seek(0)
        stream.truncate()
    yield stream.getvalue()


def _cell(value: Any, marked: bool) -> Any:
    if not isinstance(value, str):
        return value
    value = value.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    return "'" + value if marked and value.lstrip()[:1] in ("=", "+", "-", "@") else value


def affiliation_graphml(made: Networks) -> str:
    """The two-mode network: an edge from an actor to a concept for each stance, weighted by statements."""
    nodes = {f"a{n}": _actor_data(made, actor) for n, actor in enumerate(made.actors.values())}
    ids = {id: f"a{n}" for n, id in enumerate(made.actors)}
    places = {concept: f"c{n}" for n, concept in enumerate(made.concepts)}
    nodes |= {node: {"name": concept, "kind": "concept", "bipartite": 1} for concept, node in places.items()}
    edges: list[tuple[str, str, Mapping[str, str | int | float]]] = [
        (ids[id], places[concept], {"stance": stance, "weight": number, "articles": articles})
        for (id, concept, stance), (number, articles) in made.table.items()
    ]
    return graphml(nodes, edges)


def actor_graphml(made: Networks, shared: Mapping[tuple[str, str], tuple[int, float]]) -> str:
    """A one-mode network of actors: `weight` is normalised by average activity, `concepts` how many they share."""
    present = {id for pair in shared for id in pair}
    ids = {id: f"a{n}" for n, id in enumerate(made.actors) if id in present}
    nodes = {ids[id]: _actor_data(made, made.actors[id]) for id in made.actors if id in present}
    edges: list[tuple[str, str, Mapping[str, str | int | float]]] = [
        (ids[a], ids[b], {"weight": weight, "concepts": number}) for (a, b), (number, weight) in shared.items()
    ]
    return graphml(nodes, edges)


def _actor_data(made: Networks, actor: Actor) -> dict[str, str | int | float]:
    return {
        "name": actor.name,
        "name_en": actor.en,
        "name_zh": actor.zh,
        "kind": "actor",
        "label": actor.label,
        "actor": actor.id,
        "statements": made.total(actor.id),
        "bipartite": 0,
    }


def graphml(
    nodes: Mapping[str, Mapping[str, str | int | float]],
    edges: Sequence[tuple[str, str, Mapping[str, str | int | float]]],
) -> str:
    """An undirected graph as GraphML; between two nodes there may be several edges. What XML cannot hold is replaced.

    >>> graphml({"a0": {"name": "<和睦>"}}, []).count("&lt;和睦&gt;")
    1
    """
    root = ElementTree.Element("graphml", {"xmlns": _NAMESPACE})
    keys: dict[tuple[str, str], str] = {}
    for target, rows in (("node", nodes.values()), ("edge", [data for _, _, data in edges])):
        for row in rows:
            for name, value in row.items():
                if (target, name) not in keys:
                    keys[target, name] = f"k{len(keys)}"
                    attributes = {"id": keys[target, name], "for": target, "attr.name": name}
                    ElementTree.SubElement(root, "key", {**attributes, "attr.type": _TYPES[type(value)]})
    graph = ElementTree.SubElement(root, "graph", {"id": "G", "edgedefault": "undirected"})
    for id, row in nodes.items():
        _data(ElementTree.SubElement(graph, "node", {"id": id}), "node", row, keys)
    for number, (a, b, row) in enumerate(edges):
        edge = ElementTree.SubElement(graph, "edge", {"id": f"e{number}", "source": a, "target": b})
        _data(edge, "edge", row, keys)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _data(
    element: ElementTree.Element, target: str, row: Mapping[str, str | int | float], keys: Mapping[tuple[str, str], str]
) -> None:
    for name, value in row.items():
        data = ElementTree.SubElement(element, "data", {"key": keys[target, name]})
        data.text = xml_text(value) if isinstance(value, str) else repr(value)


_IMPORT = """\
# Adds the documents and statements of this folder to a database of Discourse Network Analyzer, through its R package
# rDNA (https://github.com/leifeld/dna). First make a database in DNA (Database > New), which has the statement type
# "DNA Statement" with person, organization, concept and agreement. Then set the three values below and run this file.
database <- "my.dna"
coder    <- 1
password <- "password"

library("rDNA")
documents  <- read.csv("documents.csv",  encoding = "UTF-8", colClasses = "character")
statements <- read.csv("statements.csv", encoding = "UTF-8", colClasses = "character")

dna_init()
dna_openDatabase(database, coderId = coder, coderPassword = password)

when <- as.POSIXct(documents$date_time, tz = "UTC")
when[is.na(when)] <- as.POSIXct("1970-01-01", tz = "UTC")
added <- dna_addDocuments(coder_id = coder, title = documents$title, text = documents$text,
                          author = documents$author, source = documents$source, section = documents$section,
                          type = documents$type, notes = documents$notes, date_time = when)
names(added) <- documents$document_id

# Agreement is yes or no in DNA: neutral statements, which have none, are left out.
decided <- statements[statements$agreement != "", ]
for (i in seq_len(nrow(decided))) {
  s <- decided[i, ]
  dna_addStatement(documentID = added[[s$document_id]], startCaret = as.integer(s$start),
                   endCaret = as.integer(s$stop), statementType = "DNA Statement", coder = coder,
                   person = s$person, organization = s$organization, concept = s$concept,
                   agreement = as.integer(s$agreement))
}
message(nrow(decided), " statements added; ", nrow(statements) - nrow(decided), " neutral ones left out")
dna_closeDatabase()
"""
