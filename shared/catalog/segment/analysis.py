"""Text to terms: the same for what is indexed and for what is asked.

Words are runs of letters and digits; lower case, accents folded to ASCII, stemmed in the catalog's
language (Snowball). Values of facets and identifiers have normal forms of their own.
"""

import re
from typing import Final

from tantivy import Filter, TextAnalyzer, TextAnalyzerBuilder, Tokenizer

from shared.facets import folded

TEXT: Final = "text"
"""The name the analyzer is registered under; tantivy keeps the name, not the analyzer."""

DEFAULT_LANGUAGE: Final = "en"
LONGEST_WORD: Final = 64
LONGEST_VALUE: Final = 256

STEMMERS: Final = {
    "ar": "arabic",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "hu": "hungarian",
    "it": "italian",
    "nl": "dutch",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
}
"""Languages with a stemmer. Words of any other language are matched as they are."""

_ALIASES: Final = {"nb": "no", "nn": "no", "eng": "en"}
_GTIN_LENGTHS: Final = frozenset({8, 12, 13, 14})
_SEPARATORS: Final = re.compile(r"[\W_]+")


def base_language(tag: str | None) -> str | None:
    """The primary subtag of a language tag (RFC 5646): `pt-BR` and `pt_BR` give `pt`."""
    if not tag:
        return None
    primary = re.split(r"[-_]", tag.strip().lower(), maxsplit=1)[0]
    return _ALIASES.get(primary, primary) or None


def analyzer(language: str) -> TextAnalyzer:
    """Text to the indexed terms of a catalog in this language."""
    builder = _words()
    stemmer = STEMMERS.get(language)
    return (builder.filter(Filter.stemmer(stemmer)) if stemmer else builder).build()


def surface_analyzer(language: str | None = None) -> TextAnalyzer:
    """Text to words, not stemmed; with a language, without its stop words."""
    builder = _words()
    name = STEMMERS.get(language or "")
    return (builder.filter(Filter.stopword(name)) if name else builder).build()


def _words() -> TextAnalyzerBuilder:
    return (
        TextAnalyzerBuilder(Tokenizer.simple())
        .filter(Filter.remove_long(LONGEST_WORD))
        .filter(Filter.lowercase())
        .filter(Filter.ascii_fold())
    )


def facet_term(name: str, value: str) -> str:
    """The one term a facet value is indexed and asked by: letter case and spacing do not matter."""
    return f"{name}\x1f{folded(value)[:LONGEST_VALUE]}"


def compact(identifier: str) -> str:
    """An identifier without the marks people leave out: `TN-2110` and `tn 2110` give `tn2110`."""
    return _SEPARATORS.sub("", identifier.casefold())[:LONGEST_VALUE]


def gtin14(digits: str) -> str | None:
    """A GTIN-8, -12, -13 or -14 as 14 digits (GS1); None where the check digit says it is none."""
    if not (digits.isascii() and digits.isdigit() and len(digits) in _GTIN_LENGTHS):
        return None
    padded = digits.zfill(14)
    weighted = sum(int(digit) * (1 if at % 2 else 3) for at, digit in enumerate(padded))
    return None if weighted % 10 else padded
