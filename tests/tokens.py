"""How many tokens of o200k a text is, counted with the vocabulary that the library brings."""

from functools import cache

from splintr import Tokenizer


def tokens(text):
    """The count of a text, or of its UTF-8."""
    return len(_o200k().encode(text if isinstance(text, str) else text.decode()))


@cache
def _o200k():
    return Tokenizer.from_pretrained("o200k_base")
