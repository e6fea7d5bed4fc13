"""A Traditional text is annotated like its Simplified form, with the same offsets and its own characters."""

from dataclasses import replace

import opencc

from annotators.pipeline import group_of, load
from annotators.registry import DEFAULT
from corpus.document import Document, Group
from corpus.script import script_of, simplified

TEXT = (
    "河湾市扩大保障房供给\n"
    "河湾市住房和城乡建设局局长沈秋实12日表示，2026年底前将新建保障性租赁住房12万套。"
    "浙江省人民政府要求各地推进共同富裕，腾讯公司对此表示支持。"
)


def test_annotations_are_the_same_in_either_script() -> None:
    traditional = opencc.OpenCC("s2t").convert(TEXT)
    assert script_of(traditional) == "hant"
    assert simplified(traditional) == TEXT
    pipeline = load(DEFAULT)
    documents = [Document("a.zh", "", "zh", text) for text in (TEXT, traditional)]
    simple, found = (pipeline.annotate(group_of([document])) for document in documents)
    (expected,), (item,) = simple.group.items, found.group.items
    assert item.document is documents[1]
    assert expected.entities
    assert expected.claims
    assert [(e.start, e.end, e.label, e.link) for e in item.entities] == [
        (e.start, e.end, e.label, e.link) for e in expected.entities
    ]
    assert [(c.start, c.end, c.type, c.stance, c.claimant_span) for c in item.claims] == [
        (c.start, c.end, c.type, c.stance, c.claimant_span) for c in expected.claims
    ]
    for mark in (*item.entities, *item.claims):
        assert mark.span.surface == traditional[mark.start : mark.end]
    for claim in item.claims:
        assert claim.claimant == "author" or claim.claimant in traditional
        assert all(target.value in traditional and target.unit in traditional for target in claim.targets)
    assert any(claim.targets for claim in item.claims)
    assert {layer.sha for layer in found.layers} == {documents[1].sha}


def test_both_versions_of_an_article_are_there() -> None:
    traditional = opencc.OpenCC("s2t").convert(TEXT)
    en = Document("a.en", "a", "en", "Hewan expands affordable housing\nThe Zhejiang government urged action.")
    group: Group = group_of([en, Document("a.zh", "a", "zh", traditional)])
    found = load(DEFAULT).annotate(group)
    assert [item.document for item in found.group.items] == [item.document for item in group.items]
    assert [item.segments for item in found.group.items] == [item.segments for item in group.items]
    assert replace(found.group, items=()).beads == group.beads
