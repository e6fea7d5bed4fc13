"""What the other version of an article says of a name that two things share in one language."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from corpus.document import Entity, Group

# In pinyin the medium and the place are written alike; in Chinese they are not.
_SHARED = {"Xinhua": ("新华社", "新化"), "Xinmin": ("新民晚报", "新民市")}


def told_by_chinese(group: Group, entities: Iterable[Entity]) -> tuple[Entity, ...]:
    """The entities of an English document, with PLACE for a medium where the Chinese text has only the place.

    Without a Chinese version, or where it has both, they are left as they are.
    """
    chinese: Sequence[str] = [item.document.text for item in group.items if item.document.lang == "zh"]
    told = []
    for entity in entities:
        shared = _SHARED.get(entity.span.surface)
        if shared and any(shared[1] in text for text in chinese) and not any(shared[0] in text for text in chinese):
            entity = replace(entity, label="PLACE", link="")
        told.append(entity)
    return tuple(told)
