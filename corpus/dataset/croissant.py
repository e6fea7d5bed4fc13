"""Croissant metadata of a dataset: JSON-LD that says what is in the files, for machines (https://mlcommons.org/croissant/).

It follows version 1.1 of the format and version 1.0 of its vocabulary for responsible AI. Each Parquet file is a FileObject with
its SHA-256, each configuration a FileSet and a RecordSet, whose field `split` says from which split a record comes;
the classes that numbers stand for are enumerations. mlcroissant reads the records from the folder:

    mlcroissant.Dataset("datasets/VERSION/croissant.json").records("claims")
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.dataset.about import About, about_of, creators, licence_url, said
from corpus.dataset.citation import citation
from corpus.dataset.facts import CONFIGS, class_names, langs_of, plural, schema_of, splits_of, summary
from corpus.dataset.limits import limits
from corpus.dataset.manifest import Manifest
from corpus.dataset.markdown import clean

if TYPE_CHECKING:
    import pyarrow as pa

CROISSANT = "croissant.json"

_SPLITS = {"train": "cr:TrainingSplit", "validation": "cr:ValidationSplit", "test": "cr:TestSplit"}
_PARQUET = "application/x-parquet"

_CONTEXT: Mapping[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def write_croissant(folder: Path, manifest: Manifest) -> None:
    """Write `croissant.json` of the dataset in `folder`."""
    text = json.dumps(croissant(folder, manifest), ensure_ascii=True, indent=1)
    (folder / CROISSANT).write_text(text + "\n", encoding="utf-8")


def croissant(folder: Path, manifest: Manifest) -> dict[str, Any]:
    """The metadata as JSON-LD; columns are read from the Parquet files in `folder`.

    Left out of the fields are lists within lists (the targets of the claims of a document), which the format's JSON path
    cannot reach; the description of the record set names them.
    """
    configs = [config for config in manifest.configs if any(True for _ in manifest.files(config))]
    sets: list[dict[str, Any]] = [_splits(splits_of(manifest))]
    for config in configs:
        schema = schema_of(folder, manifest, config)
        if schema is not None:
            sets += _record_sets(manifest, config, schema)
    return _without_nothing(
        {
            "@context": dict(_CONTEXT),
            "@type": "sc:Dataset",
            "conformsTo": ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"],
            **_described(manifest),
            **_responsible(manifest),
            "distribution": [*_files(manifest, configs), *_file_sets(manifest, configs)],
            "recordSet": sets,
        }
    )


def _described(manifest: Manifest) -> dict[str, Any]:
    about = about_of(manifest)
    return {
        "name": clean(manifest.name),
        "alternateName": clean(said(about, "title")),
        "description": " ".join(filter(None, [clean(said(about, "description")), clean(summary(manifest))])),
        "license": licence_url(manifest.licence) or clean(manifest.licence) or "not stated by its makers",
        "url": said(about, "url"),
        "identifier": manifest.version,
        # The format wants three numbers. The first is that of the folder's form; versions themselves have no order.
        "version": f"{manifest.format}.0.0+{manifest.version}",
        "creator": [_agent(name, group) for name, group in creators(about)],
        "publisher": _agent(said(about, "publisher"), True) if said(about, "publisher") else None,
        "datePublished": said(about, "published"),
        "inLanguage": langs_of(manifest),
        "keywords": ["named entity recognition", "policy claims", "parallel corpus", "annotated corpus"],
        "citeAs": clean(citation(manifest)),
    }


def _agent(name: str, group: bool) -> dict[str, str]:
    return {"@type": "sc:Organization" if group else "sc:Person", "name": clean(name)}


def _responsible(manifest: Manifest) -> dict[str, Any]:
    about, people = about_of(manifest), manifest.annotators
    several = people is not None and people.documents_by_one + people.documents_by_several
    return {
        "rai:dataCollection": _of(about, "collection"),
        "rai:dataPreprocessingProtocol": [
            "Articles are cleaned and frozen; sentences, tokens and the alignment of the two versions are found by hemu "
            f"{clean(manifest.hemu)}, and no offset or text is changed after that."
        ],
        "rai:dataAnnotationProtocol": [
            f"Label scheme version {manifest.scheme.version}; people correct a pre-annotation or mark blind, and gold is "
            "decided by majority and by an adjudicator, as dataset.json counts."
        ],
        "rai:dataAnnotationPlatform": ["Label Studio"] if people is not None else None,
        "rai:annotationsPerItem": (
            f"{people.annotations / several:.2f} on average: {plural(people.documents_by_one, 'document')} by one person, "
            f"{people.documents_by_several:,} by several, of {people.people} in all"
            if people is not None and several
            else None
        ),
        "rai:annotatorDemographics": [_of(about, "annotator_background")]
        if about.get("annotator_background")
        else None,
        "rai:machineAnnotationTools": [f"hemu {clean(manifest.hemu)}"],
        "rai:dataUseCases": [_of(about, "uses")] if about.get("uses") else None,
        "rai:dataLimitations": [clean(limit) for limit in limits(manifest)],
        "rai:dataSocialImpact": _of(about, "impact"),
        "rai:personalSensitiveInformation": [
            "People, officials above all, are named as the articles name them; nothing is anonymised."
        ],
        "rai:dataReleaseMaintenancePlan": _of(about, "maintenance"),
    }


def _of(about: About, name: str) -> str:
    return clean(said(about, name))


# ---- files


def _files(manifest: Manifest, configs: Sequence[str]) -> Iterator[dict[str, Any]]:
    for config in configs:
        for split, held in manifest.configs[config].items():
            for file in held.files:
                yield {
                    "@type": "cr:FileObject",
                    "@id": file.path,
                    "name": file.path,
                    "description": f"Rows of {config}, {split}.",
                    "contentUrl": file.path,
                    "contentSize": f"{file.bytes} B",
                    "encodingFormat": _PARQUET,
                    "sha256": file.sha256,
                }


def _file_sets(manifest: Manifest, configs: Sequence[str]) -> Iterator[dict[str, Any]]:
    for config in configs:
        yield {
            "@type": "cr:FileSet",
            "@id": f"files-of-{config}",
            "name": f"files-of-{config}",
            "description": f"The files of {config}, all splits.",
            "encodingFormat": _PARQUET,
            "includes": [file.path for file in manifest.files(config)],
        }


# ---- records


def _splits(splits: Sequence[str]) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": "splits",
        "name": "splits",
        "description": "The splits. All versions, parts and near-duplicates of an article are in one.",
        "dataType": "cr:Split",
        "key": {"@id": "splits/name"},
        "field": [_field("splits/name", "sc:Text"), _field("splits/url", "sc:URL")],
        "data": [{"splits/name": split, "splits/url": _SPLITS.get(split, "")} for split in splits],
    }


def _record_sets(manifest: Manifest, config: str, schema: pa.Schema) -> Iterator[dict[str, Any]]:
    classes = class_names(schema)
    enumerations = {}
    for path, names in classes.items():
        enumerations[path] = f"{config}.{path}"
        yield _enumeration(enumerations[path], names)
    left_out: list[str] = []
    fields = [_split_field(manifest, config)]
    for column in schema:
        described = _column(config, column, (column.name,), enumerations, left_out, lists=0, source=None)
        if described is not None:
            fields.append(described)
    rows = sum(held.rows for held in manifest.configs[config].values())
    about = f"A row is {CONFIGS.get(config, config)}. {plural(rows, 'row')}."
    if left_out:
        about += f" Lists within lists are in the files, but are no fields here: {', '.join(left_out)}."
    yield {
        "@type": "cr:RecordSet",
        "@id": config,
        "name": config,
        "description": about,
        # A person's annotation of a document has the document's name.
        "key": {"@id": f"{config}/id"} if "id" in schema.names and config != "raters" else None,
        "field": fields,
    }


def _split_field(manifest: Manifest, config: str) -> dict[str, Any]:
    splits = "|".join(split for split, held in manifest.configs[config].items() if held.files)
    return {
        **_field(f"{config}/split", "sc:Text"),
        "description": "The split that the record belongs to.",
        "references": {"field": {"@id": "splits/name"}},
        "source": {
            "fileSet": {"@id": f"files-of-{config}"},
            "extract": {"fileProperty": "fullpath"},
            "transform": {"regex": f"^(?:{config}/)?({splits}).*$"},
        },
    }


def _enumeration(id: str, names: Sequence[str]) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": id,
        "name": id,
        "description": f"What the numbers of {id} stand for.",
        "dataType": "sc:Enumeration",
        "key": {"@id": f"{id}/number"},
        "field": [_field(f"{id}/number", "sc:Integer"), _field(f"{id}/name", "sc:Text")],
        "data": [{f"{id}/number": number, f"{id}/name": clean(name)} for number, name in enumerate(names)],
    }


def _column(
    config: str,
    column: pa.Field[Any],
    path: tuple[str, ...],
    enumerations: Mapping[str, str],
    left_out: list[str],
    *,
    lists: int,
    source: dict[str, Any] | None,
) -> dict[str, Any] | None:
    """The field of a column, or of what is nested in one; None where it cannot be read."""
    import pyarrow as pa

    kind = column.type
    repeated = pa.types.is_list(kind) or pa.types.is_large_list(kind)
    if repeated:
        kind, lists = kind.value_type, lists + 1
    dotted = ".".join(path)
    if lists > 1 or pa.types.is_list(kind) or pa.types.is_large_list(kind):
        left_out.append(dotted)
        return None
    source = source or {"fileSet": {"@id": f"files-of-{config}"}, "extract": {"column": column.name}}
    field = _field(f"{config}/{'/'.join(path)}", "")
    if repeated:
        field |= {"isArray": True, "arrayShape": "-1"}
    if pa.types.is_struct(kind):
        inner = []
        for number in range(kind.num_fields):
            part = kind.field(number)
            steps = [*source.get("transform", []), {"jsonPath": part.name}]
            nested = {**source, "transform": steps}
            made = _column(config, part, (*path, part.name), enumerations, left_out, lists=lists, source=nested)
            if made is not None:
                inner.append(made)
        return {**field, "subField": inner} if inner else None
    field |= {"dataType": _data_type(kind), "source": source}
    if dotted in enumerations:
        field["description"] = f"A number; see the record set {enumerations[dotted]}."
    return field


def _data_type(kind: pa.DataType) -> str:
    import pyarrow as pa

    if pa.types.is_boolean(kind):
        return "sc:Boolean"
    if pa.types.is_integer(kind):
        return "sc:Integer"
    return "sc:Float" if pa.types.is_floating(kind) else "sc:Text"


def _field(id: str, data_type: str) -> dict[str, Any]:
    return {
        "@type": "cr:Field",
        "@id": id,
        "name": id.rsplit("/", 1)[-1],
        **({"dataType": data_type} if data_type else {}),
    }


def _without_nothing(row: dict[str, Any]) -> dict[str, Any]:
    """Without empty values, at the top and in record sets."""
    kept = {key: value for key, value in row.items() if value not in (None, "", [], {})}
    kept["recordSet"] = [{k: v for k, v in one.items() if v is not None} for one in kept["recordSet"]]
    return kept
