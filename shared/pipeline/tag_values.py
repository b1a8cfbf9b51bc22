"""The values of a managed tag: looked through whole, and changed as the tree they are."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from difflib import get_close_matches
from typing import Annotated, Any, Final, NamedTuple

from pydantic import Field

from shared.engine.prepare import MOST_EDITS, Edit
from shared.engine.table import Held
from shared.engine.typed import normal_language
from shared.errors import Problem
from shared.pipeline.folding import folded
from shared.pipeline.managed_tags import MOST_TENANTS_VALUES, TAGS, ManagedTag
from shared.pipeline.sources import MOST_LANGUAGES, invalid
from shared.pipeline.workspace import Workspace
from shared.query.answers import Item
from shared.tool import Args

MOST_VALUES: Final = 10_000
"""Of one tag."""
MOST_DEPTH: Final = 20
MOST_CHARACTERS: Final = 1000
"""Of one value, in all its languages together."""
_MOST_KEY: Final = 256
_TEXT, _TEXTS, _ORDER, _PARENT = "s.value", "m.value", "n.order", "s.parent"
_NEAREST: Final = 3
_MOST_TOLD: Final = 100
_KEYS: Final = (
    f"A key is 1 to {_MOST_KEY} printable characters without / and \\, with no space at its ends, "
    "and neither . nor .."
)


class TagValue(NamedTuple):
    """A value: its text, or a text for each language; `parent` is the key it stands below."""

    key: str
    value: str | dict[str, str]
    order: float = 0.0
    parent: str = ""

    def texts(self, language: str = "") -> Iterator[str]:
        """What it is called: in one language, or in each."""
        if isinstance(self.value, str):
            yield self.value
        else:
            yield from (text for each, text in self.value.items() if language in ("", each))


class Values:
    """All values of a tag, as of one commit."""

    def __init__(self, held: Held) -> None:
        self.seq = held.seq
        self._items = held.items

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, key: object) -> bool:
        return key in self._items

    def find(self, key: str) -> TagValue | None:
        """The value of that key."""
        item = self._items.get(key)
        return None if item is None else _value_of(item)

    def every(self) -> Iterator[TagValue]:
        """All of them, in order of key."""
        return (_value_of(self._items[key]) for key in sorted(self._items))

    def parents(self) -> dict[str, str]:
        """What each value stands below; empty at the top."""
        return {key: item.body.get(_PARENT, "") for key, item in self._items.items()}

    def check(self, key: str, path: str) -> None:
        """Raises `not_found` for a key that is none, naming the nearest."""
        if key not in self._items:
            near = get_close_matches(key, self._items, _NEAREST, 0.5)
            said = f" There are {', '.join(near)}." if near else ""
            message = f"The tag has no value {key[:100]!r}.{said}"
            raise Problem("not_found", message, near=near, field=path)


def _value_of(item: Item) -> TagValue:
    body = item.body
    value = body[_TEXTS] if _TEXTS in body else body[_TEXT]
    return TagValue(item.key, value, body.get(_ORDER, 0.0), body.get(_PARENT, ""))


def read(space: Workspace, tag: ManagedTag) -> Values:
    """A tag's values, with every change that was answered before."""
    return Values(space.collections.table(space.name(tag.values), space.head(tag.values)))


def path_to(parents: Mapping[str, str], key: str) -> list[str]:
    """The keys from the top down to what a value stands below."""
    above: list[str] = []
    while key := parents.get(key, ""):
        above.append(key)
    return above[::-1]


def below(parents: Mapping[str, str], key: str) -> set[str]:
    """All that stands below a value, at any depth."""
    children = _children(parents)
    found: set[str] = set()
    rest = [key]
    while rest:
        new = children.get(rest.pop(), ())
        found.update(new)
        rest += new
    return found


class Looked(NamedTuple):
    """Some values in order of key, how many match, and whether there are more."""

    items: list[TagValue]
    total: int
    has_more: bool


def look(
    values: Values,
    query: str = "",
    language: str = "",
    *,
    among: AbstractSet[str] | None = None,
    after: str = "",
    limit: int,
) -> Looked:
    """Values with a text or key that has this part, whatever its case and accents.

    `among`: only these; `after`: only those whose key comes later.
    """
    part = folded(query)
    found = [
        each
        for each in values.every()
        if (among is None or each.key in among)
        and (
            not part
            or part in folded(each.key)
            or any(part in folded(text) for text in each.texts(language))
        )
    ]
    rest = [each for each in found if each.key > after]
    return Looked(rest[:limit], len(found), len(rest) > limit)


class GivenValue(Args):
    """A value; what is left out stays. A new one needs `value`."""

    key: Annotated[str, Field(description="It never changes.")]
    value: Annotated[
        str | dict[str, str | None],
        Field(description="Its text; of a localized tag texts by language, null takes one away."),
    ] = ""
    order: Annotated[float, Field(allow_inf_nan=False, description="For showing.")] = 0.0
    parent_key: Annotated[str, Field(description="What it stands below; empty: the top.")] = ""


def upserts(tag: ManagedTag, values: Values, given: Sequence[GivenValue]) -> list[Edit]:
    """The edits that add and change values.

    Raises `invalid` with all that is wrong, `too_large` for more than a tag holds.
    """
    errors: list[dict[str, str]] = []
    made: dict[str, TagValue] = {}
    for number, each in enumerate(given):
        for field, message in _wrong_key(each.key, made):
            errors.append({"path": f"values[{number}].{field}", "message": message})
        before = values.find(each.key)
        text, wrong = _texts(tag, before, each)
        if wrong:
            errors.append({"path": f"values[{number}].value", "message": wrong})
        made[each.key] = _after(before, each, text)
    errors += _wrong_parents(values, made, given)
    if errors:
        first = errors[0]
        said = f"Nothing was written. {first['path']}: {first['message']}"
        raise Problem("invalid", said, errors=errors[:_MOST_TOLD], failed=len(errors))
    count = len(values) + sum(key not in values for key in made)
    if count > MOST_VALUES:
        message = (
            f"The tag would have {count} values; {MOST_VALUES} are the most. Use a second tag."
        )
        raise Problem("too_large", message, values=len(values), limit=MOST_VALUES)
    return [Edit(key, _body(each), combine="replace") for key, each in made.items()]


def _wrong_key(key: str, made: Mapping[str, TagValue]) -> Iterator[tuple[str, str]]:
    is_text = key.isprintable() and key == key.strip() and 0 < len(key) <= _MOST_KEY
    if not is_text or key in (".", "..") or "/" in key or "\\" in key:
        yield "key", _KEYS
    if key in made:
        yield "key", f"{key[:100]!r} comes twice."


def _texts(
    tag: ManagedTag, before: TagValue | None, given: GivenValue
) -> tuple[str | dict[str, str], str]:
    """What a value is called afterwards, and what is wrong with it if anything is."""
    if "value" not in given.model_fields_set:
        return (before.value, "") if before else ("", "A new value needs one.")
    if tag.type == "LocalizedText":
        had = before.value if before else {}
        return _by_language(had if isinstance(had, dict) else {}, given.value)
    if isinstance(given.value, str):
        return given.value, _wrong_texts([given.value])
    return "", "The tag is not localized: give one text."


def _by_language(
    had: Mapping[str, str], given: str | Mapping[str, str | None]
) -> tuple[dict[str, str], str]:
    if isinstance(given, str):
        return {}, 'The tag is localized: give texts by language, such as {"en": "Red"}.'
    texts: dict[str, str | None] = dict(had)
    for language, text in given.items():
        normal = normal_language(language)
        if normal is None:
            return {}, f"{language[:20]!r} is no language; one is such as en, sv-SE or zh-Hans-CN."
        texts[normal] = text
    left = {language: text for language, text in sorted(texts.items()) if text is not None}
    return left, _wrong_texts(list(left.values()))


def _wrong_texts(texts: Sequence[str]) -> str:
    if not texts:
        return "It needs a text in at least one language."
    if not all(text.strip() for text in texts):
        return "A text is not empty."
    if sum(map(len, texts)) > MOST_CHARACTERS:
        return f"A value has at most {MOST_CHARACTERS} characters in all languages together."
    if len(texts) > MOST_LANGUAGES:
        return f"A value has at most {MOST_LANGUAGES} languages."
    return ""


def _after(before: TagValue | None, given: GivenValue, text: str | dict[str, str]) -> TagValue:
    was, named = before or TagValue(given.key, text), given.model_fields_set
    return TagValue(
        given.key,
        text,
        given.order if "order" in named else was.order,
        given.parent_key if "parent_key" in named else was.parent,
    )


def _wrong_parents(
    values: Values, made: Mapping[str, TagValue], given: Sequence[GivenValue]
) -> Iterator[dict[str, str]]:
    """What is wrong with the tree as it would be."""
    if all("parent_key" not in each.model_fields_set for each in given):
        return
    parents = {**values.parents(), **{key: each.parent for key, each in made.items()}}
    depths = _depths(parents)
    for number, each in enumerate(given):
        parent, message = parents[each.key], ""
        if parent and parent not in parents:
            message = f"The tag has no value {parent[:100]!r}, and none of that key is given."
        elif each.key not in depths:
            message = f"{each.key[:100]!r} would stand below itself, or below what does."
        if message:
            yield {"path": f"values[{number}].parent_key", "message": message}
    deepest = max(depths, key=depths.__getitem__, default="")
    if deepest and depths[deepest] > MOST_DEPTH:
        message = (
            f"{deepest[:100]!r} would stand {depths[deepest]} deep; {MOST_DEPTH} are the most."
        )
        yield {"path": "values", "message": message}


def _depths(parents: Mapping[str, str]) -> dict[str, int]:
    """How deep each value stands, 1 at the top; nothing of those that hang on no top."""
    children = _children(parents)
    depths: dict[str, int] = {}
    level, depth = children.get("", []), 1
    while level:
        depths.update(dict.fromkeys(level, depth))
        level, depth = [child for key in level for child in children.get(key, ())], depth + 1
    return depths


def _children(parents: Mapping[str, str]) -> dict[str, list[str]]:
    children: dict[str, list[str]] = {}
    for key, parent in parents.items():
        children.setdefault(parent, []).append(key)
    return children


def _body(value: TagValue) -> dict[str, Any]:
    body: dict[str, Any] = {_TEXT if isinstance(value.value, str) else _TEXTS: value.value}
    if value.order:
        body[_ORDER] = value.order
    if value.parent:
        body[_PARENT] = value.parent
    return body


class Removal(NamedTuple):
    """Edits that delete values; those in `raised` stood below one of them, and come to the top."""

    edits: list[Edit]
    deleted: list[str]
    raised: list[str]


def removal(values: Values, keys: Sequence[str]) -> Removal:
    """What deletes values. Raises `not_found` where none is there, `too_large`."""
    going = {key for key in keys if key in values}
    if not going:
        values.check(keys[0], "keys")
    raised = sorted(
        key for key, parent in values.parents().items() if parent in going and key not in going
    )
    if len(going) + len(raised) > MOST_EDITS:
        raise Problem(
            "too_large",
            f"{len(raised)} values stand below these; with them it is more than {MOST_EDITS} at "
            "once. Give them another parent_key or delete them first, or delete fewer.",
            raised=len(raised),
            limit=MOST_EDITS,
        )
    edits = [Edit(key, combine="delete") for key in sorted(going)]
    for key in raised:
        value = values.find(key)
        if value is not None:
            edits.append(Edit(key, _body(value._replace(parent="")), combine="replace"))
    return Removal(edits, sorted(going), raised)


def check_room(space: Workspace, tag: ManagedTag, more: int) -> None:
    """Raises `too_large` where a tenant would have too many values in all its tags."""
    tags = [each.value.values for each in space.configuration.every(TAGS)]
    count = sum(head.count for head in space.heads({*tags, tag.values}).values())
    if more and count + more > MOST_TENANTS_VALUES:
        message = (
            f"All tags together have {count} values, and this would add {more}; "
            f"{MOST_TENANTS_VALUES} are the most. Delete some first."
        )
        raise Problem("too_large", message, values=count, added=more, limit=MOST_TENANTS_VALUES)


def checked_language(language: str) -> str:
    """A language in its one spelling; empty for none. Raises `invalid`."""
    normal = normal_language(language) if language else ""
    if normal is None:
        raise invalid("language", "A language is such as en, sv-SE or zh-Hans-CN.")
    return normal
