"""Values of cards beside the managed tag that their property names: which of them it has."""

from collections.abc import Callable

from shared.pipeline.canonical import text_of
from shared.pipeline.cards import CardProperty
from shared.pipeline.configuration import Configuration
from shared.pipeline.folding import folded
from shared.pipeline.managed_tags import TAGS, ManagedTag
from shared.pipeline.sources import kind_of
from shared.pipeline.tag_values import read
from shared.pipeline.workspace import Workspace
from shared.query.ast import Value

KeyOf = Callable[[Value], str]
"""The key of the tag's value that a value of a card is; empty where it is none."""


def unfit(configuration: Configuration, property_: CardProperty) -> str:
    """Why a property cannot take its values from the tag it names; empty where it can."""
    found = configuration.find(TAGS, property_.managed_tag_id)
    kind = kind_of(property_.type)
    if found is None or found.value.status == "Deleting":
        return f"There is no managed tag {property_.managed_tag_id!r}."
    if not kind.is_text:
        return f"Values of a tag are texts, not {property_.type}."
    if kind.is_localized and found.value.type == "Text":
        return "The tag has no languages: make the property a Text or List."
    return ""


def key_of(space: Workspace, property_: CardProperty | None, language: str = "") -> KeyOf | None:
    """What finds a card's value in the property's tag; None where it names none.

    A value is one of the tag's if it is its key, or a text of it but for case and accents: in this
    language, or in any.
    """
    if property_ is None or not property_.managed_tag_id:
        return None
    found = space.configuration.find(TAGS, property_.managed_tag_id)
    if found is None:
        return None
    keys = _keys(space, found.value, language)
    return lambda value: keys.get(text_of(value)) or keys.get(folded(text_of(value)), "")


def _keys(space: Workspace, tag: ManagedTag, language: str) -> dict[str, str]:
    """Keys by themselves, and by the texts; a key counts before any text."""
    values = list(read(space, tag).every())
    texts = {folded(text): each.key for each in values for text in each.texts(language)}
    return texts | {each.key: each.key for each in values}
