"""A draft of a source for a file: its properties, and how the file's columns map to them."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from shared.engine.typed import normal_language
from shared.pipeline.columns_seen import ColumnSeen, Sample
from shared.pipeline.drafts import Issue, slug
from shared.pipeline.properties import GivenProperty

_KEYS: Final = (
    "id",
    "sku",
    "product_id",
    "item_id",
    "article_number",
    "article_no",
    "handle",
    "key",
)
"""Names that columns of keys usually have, the likeliest first."""
_IN_LANGUAGE: Final = re.compile(
    r"(?P<name>.*?\S)(?:[\s._-]+|\s*[(\[])(?P<language>[A-Za-z]{2,3}(?:[-_][A-Za-z]{2})?)[)\]]?"
)
_NUMBERS_THAT_ARE_NAMES: Final = re.compile(
    r"gtin|ean|upc|isbn|sku|mpn|barcode|code|zip|postcode|phone|number$|_no$|id$"
)


class FileDraft(NamedTuple):
    """What a file is proposed to become."""

    properties: list[GivenProperty]
    languages: list[str]
    key_column: str
    mapping: dict[str, str]
    issues: list[Issue]


def of_file(sample: Sample) -> FileDraft:
    """The properties of a file's columns, and the arguments that import it."""
    issues: list[Issue] = []
    key = _key(sample.columns, issues)
    languages = _languages(sample.columns)
    properties: dict[str, GivenProperty] = {}
    mapping: dict[str, str] = {}
    for column in sample.columns:
        if column.name == key:
            continue
        name, language = languages.get(column.name, (column.name, ""))
        id_ = slug(name).replace("-", "_")
        if not id_:
            _note(issues, column.name, f"The column {column.name!r} needs a property's name.")
            mapping[column.name] = ""
            continue
        if language:
            mapping[column.name] = f"{id_}.{language}"
        if id_ not in properties:
            properties[id_] = _property(id_, name, column, language)
    for each in _said(sample):
        _note(issues, "properties", each)
    found = sorted({language for _, language in languages.values()})
    return FileDraft(list(properties.values()), found, key, mapping, issues)


def _property(id_: str, name: str, column: ColumnSeen, language: str) -> GivenProperty:
    type_: Any = column.type
    if type_ == "Integer" and _NUMBERS_THAT_ARE_NAMES.search(id_):
        type_ = "Text"  # nobody adds them up, and leading zeros count
    if language:
        type_ = "LocalizedList" if type_ == "List" else "LocalizedText"
    delimiter = (column.delimiter or "|") if "List" in type_ else ""
    shown = name.strip()[:200]
    given = {"id": id_, "type": type_, "delimiter": delimiter}
    return GivenProperty(**given, **({"display_name": shown} if shown.lower() != id_ else {}))


def _key(columns: Sequence[ColumnSeen], issues: list[Issue]) -> str:
    by_name = {slug(each.name).replace("-", "_"): each for each in columns}
    named = [by_name[name] for name in _KEYS if name in by_name]
    candidates = [*(each for each in named if each.is_key), *(c for c in columns if c.is_key)]
    found = candidates[0] if candidates else (named or list(columns))[0]
    if not found.is_key:
        said = f"No column tells the rows apart; {found.name!r} is taken for their key. Check it."
        issues.append(Issue(severity="error", field="key_column", message=said))
    return found.name


def _languages(columns: Sequence[ColumnSeen]) -> dict[str, tuple[str, str]]:
    """Columns of one property in several languages: what it is called, and the language."""
    split = {}
    for column in columns:
        match = _IN_LANGUAGE.fullmatch(column.name)
        language = normal_language(match["language"].replace("_", "-")) if match else None
        if match and language and column.type in ("Text", "List"):
            split[column.name] = (match["name"], language)
    several = Counter(slug(name) for name, _ in split.values())
    known = Counter(language for _, language in split.values())
    return {
        column: (name, language)
        for column, (name, language) in split.items()
        if several[slug(name)] > 1 or (known[language] > 1 and "." in column)
    }


def _said(sample: Sample) -> Iterator[str]:
    yield f"Worked out from {sample.rows} rows; later ones may differ. Check the types."
    if sample.wrong:
        yield f"{sample.wrong} rows could not be read."
    if sample.has_variants:
        yield (
            "The products have variants. Create a second source for them, and give import_feed its "
            "id as variants_source_id."
        )


def _note(issues: list[Issue], field: str, message: str) -> None:
    issues.append(Issue(severity="note", field=field, message=message))
