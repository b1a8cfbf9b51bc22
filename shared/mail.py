"""Mail over SMTP submission (RFC 6409), with TLS to every host but this machine."""

import logging
import smtplib
import ssl
from concurrent.futures import Future, ThreadPoolExecutor
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Final

from shared import log
from shared.errors import Problem
from shared.per_process import PerProcess
from shared.ports.secrets import Secrets
from shared.servers import Smtp

TIMEOUT: Final = 10.0
THREADS: Final = 4
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class Outbox:
    """`Mailer` whose messages leave in threads, so that nobody waits for a mail server.

    An instance in the cloud has its processor only while it answers, so answers take `seconds`,
    which is longer than a submission usually does. A message that nobody took is a line in the
    log: whoever waits for it asks for another.
    """

    seconds = 1.5

    def __init__(self, submission: "SmtpMailer") -> None:
        self._submission = submission
        self._threads = PerProcess(lambda: ThreadPoolExecutor(THREADS, thread_name_prefix="mail"))

    def send(self, to: str, subject: str, text: str) -> None:
        """Send one plain-text message in a thread."""
        sent = self._threads.get().submit(self._submission.send, to, subject, text)
        sent.add_done_callback(_tell)


class SmtpMailer:
    """Hands messages in at one submission server, each over a connection of its own."""

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


def _tell(sent: Future[None]) -> None:
    error = sent.exception()
    if error is not None:
        log.line(
            "mail not sent", level=logging.ERROR, error=type(error.__cause__ or error).__name__
        )
