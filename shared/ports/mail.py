"""Outgoing e-mail."""

from typing import Protocol


class Mailer(Protocol):
    """Sends e-mail to one person at a time: SMTP, or a file on a laptop."""

    @property
    def seconds(self) -> float:
        """How long to take for an answer whose time must not tell whether a message was sent."""

    def send(self, to: str, subject: str, text: str) -> None:
        """Send one plain-text message, soon. Says nothing of one that nobody takes."""
