"""How elements of schema packages are named: three spellings on the wire, one in what is stored."""

import re
from typing import Final, NamedTuple

_SPELLING: Final = re.compile(r"([^/\s]+?)(?:-(\d+)(?:\.\d+){0,2})?/([^/\s]+?)(?:-(\d+))?")


class Named(NamedTuple):
    """What a text names: `Demo/Machine`, in which major version of its package, and which of it."""

    id: str
    major: str | None = None
    version: str | None = None

    def fits(self, package_version: str, version: int = 1) -> bool:
        """Whether an element of a package's version is meant: the major version counts."""
        majors = self.major in (None, package_version.partition(".")[0])
        return majors and self.version in (None, str(version))


def named(text: str) -> Named:
    """What `Demo-1.0.0/Machine-1`, `Demo/Machine-1`, `Demo/Machine` name; else the text itself."""
    match = _SPELLING.fullmatch(text.strip())
    return Named(text) if match is None else Named(f"{match[1]}/{match[3]}", match[2], match[4])
