"""Mail over SMTP submission (RFC 6409), with TLS to every host but this machine."""

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Final

from shared.errors import Problem
from shared.ports import Secrets
from shared.settings import Smtp

TIMEOUT: Final = 10.0
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class SmtpMailer:
    """`ports.Mailer` through one submission server; one connection a message."""

    def __init__(self, smtp: Smtp, secrets: Secrets) -> None:
        self._smtp = smtp
        self._secrets = secrets

    def send(self, to: str, subject: str, text: str) -> None:
        """Hand one plain-text message in. Raises `unavailable` when nobody took it."""
        message = EmailMessage()
        message["From"] = self._smtp.sender
        message["To"] = to
        message["Subject"] = subject
        message["Date"] = formatdate()
        message["Message-ID"] = make_msgid(domain=self._smtp.sender.rpartition("@")[2])
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text)
        try:
            with self._connect() as server:
                if self._smtp.user:
                    server.login(
                        self._smtp.user, self._secrets.read(self._smtp.secret).decode().strip()
                    )
                server.send_message(message)
        except (OSError, smtplib.SMTPException) as error:
            raise Problem(
                "unavailable", "The e-mail could not be sent now. Try again in a minute."
            ) from error

    def _connect(self) -> smtplib.SMTP:
        smtp = self._smtp
        tls = ssl.create_default_context()
        if smtp.host in _LOOPBACK:
            return smtplib.SMTP(smtp.host, smtp.port, timeout=TIMEOUT)
        if not smtp.starttls:
            return smtplib.SMTP_SSL(smtp.host, smtp.port, timeout=TIMEOUT, context=tls)
        server = smtplib.SMTP(smtp.host, smtp.port, timeout=TIMEOUT)
        try:
            server.starttls(context=tls)
        except (OSError, smtplib.SMTPException):
            server.close()
            raise
        return server
