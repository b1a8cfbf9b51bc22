"""How much of an answer a model can afford: 20,000 tokens, of which none is counted too low.

Tokens are those of o200k, the vocabulary whose counts we state. Counting them would take the
vocabulary along; a bound from the kinds of bytes does. It is about twice what product texts come
to, and just above what random letters do (tests/functions/test_compact.py measures both).
"""

from typing import Final

MOST_TOKENS: Final = 20_000
_ENVELOPE: Final = 500
"""Tokens for what stands around the parts: names, a cursor, a note."""
_PLAIN: Final = b"abcdefghilmnoprstuwy "
_OTHER_ASCII: Final = bytes(each for each in range(128) if each not in _PLAIN)
_OF_PLAIN: Final = 0.53
"""Tokens a common small letter or blank comes to at most: random ones pair up at least."""
_OF_OTHER: Final = 0.8
"""Of any other character of ASCII, rare letters among them. Of all else each byte may be one."""


def tokens_at_most(text: bytes) -> float:
    """How many tokens of a model this text comes to at most."""
    others = text.translate(None, _PLAIN)
    beyond = len(others.translate(None, _OTHER_ASCII))
    return (
        _OF_PLAIN * (len(text) - len(others)) + _OF_OTHER * (len(others) - beyond) + float(beyond)
    )


class Room:
    """What is left for the parts of an answer."""

    def __init__(self) -> None:
        self._bytes = 0
        self._tokens = 0.0
        self._uncounted: list[bytes] = []

    def takes(self, part: bytes) -> bool:
        """Whether there is room for this part as well; it is taken then.

        The first part always is: an answer of none would never go on.
        """
        most = MOST_TOKENS - _ENVELOPE
        first = not self._bytes
        self._bytes += len(part)
        self._uncounted.append(part)
        if self._bytes <= most:  # a token is a byte at least
            return True
        self._tokens += sum(map(tokens_at_most, self._uncounted))
        self._uncounted.clear()
        return first or self._tokens <= most
