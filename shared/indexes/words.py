"""Text to words: the same for what is indexed and for what is asked.

Words are runs of letters and digits; lower case, accents folded to ASCII, stemmed in the text's
language (Snowball).
"""

import re
from typing import Final

from tantivy import Filter, TextAnalyzer, TextAnalyzerBuilder, Tokenizer

DEFAULT_LANGUAGE: Final = "en"
LONGEST_WORD: Final = 64

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

_SAY_NOTHING: Final = {
    "en": "a about after again all also am an and any are as at be because been before being both "
    "but by could did do does doing during each for from further had has have having he her "
    "here hers herself him himself his how i if in into is it its itself just let me more "
    "most my myself no nor not of on once or other our ours ourselves own same she should so "
    "some such than that the their theirs them themselves then there these they this those "
    "through to too until very was we were what when where which while who whom why will with "
    "would you your yours yourself yourselves",
    "de": "dass fur konnen konnte uber wahrend wurde wurden",
    "es": "mas segun tambien",
    "fr": "a apres etant meme tres",
    "pt": "ate ja nao sao so tambem",
    "sv": "ar da nar pa sa",
}
"""By language, words that join others and say nothing of a product, beside the engine's.

Its English ones are 33, without `my` and `from`: here is Snowball's list but for words that are
things as well (`can`, `down`, `up`). Of other languages it has that list with accents, and words
are compared without: these are what is left of those.
"""

_ALIASES: Final = {"nb": "no", "nn": "no", "eng": "en"}


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
    if name:
        builder = builder.filter(Filter.stopword(name))
    more = _SAY_NOTHING.get(language or "", "").split()
    return (builder.filter(Filter.custom_stopword(more)) if more else builder).build()


def _words() -> TextAnalyzerBuilder:
    return (
        TextAnalyzerBuilder(Tokenizer.simple())
        .filter(Filter.remove_long(LONGEST_WORD))
        .filter(Filter.lowercase())
        .filter(Filter.ascii_fold())
    )
