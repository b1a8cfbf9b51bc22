"""Text as people compare it by eye: letter case, accents and spacing do not count."""

from functools import lru_cache
from unicodedata import combining, normalize


@lru_cache(maxsize=65_536)  # the same values are compared by every question about them
def folded(text: str) -> str:
    """`  Citroën ` and `CITROEN` become `citroen`; other scripts keep their letters."""
    if not text.isascii():
        text = normalize("NFKD", text.casefold())
        text = normalize("NFC", "".join(letter for letter in text if not combining(letter)))
    return " ".join(text.casefold().split())
