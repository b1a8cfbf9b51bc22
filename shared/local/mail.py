"""Mail into a file, for a laptop: `catalog-mcp dev` shows what arrives there."""

from pathlib import Path
from typing import Final

END: Final = "\n--\n"
"""What stands after each message."""


class FileMailer:
    """`Mailer` that appends to one file, readable by its owner alone."""

    seconds = 0.0

    def __init__(self, file: Path) -> None:
        self._file = file

    def send(self, to: str, subject: str, text: str) -> None:
        """Append one message."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.touch(mode=0o600)
        with self._file.open("a") as file:
            file.write(f"To: {to}\nSubject: {subject}\n\n{text.strip()}{END}")
