"""Mail is handed in to a server that speaks SMTP on the wire, or written to a file."""

import stat

import pytest

from shared.errors import Problem
from shared.local.mail import FileMailer
from shared.local.secrets import FileSecrets
from shared.mail import SmtpMailer
from shared.servers import Smtp
from tests.mail_server import MailServer


@pytest.fixture
def server():
    with MailServer() as server:
        yield server


@pytest.fixture
def mailer(server, tmp_path):
    secrets = FileSecrets(tmp_path / "secrets")
    secrets.write("smtp-password", b"open sesame\n")
    smtp = Smtp(
        host="127.0.0.1",
        port=server.port,
        sender="sign-in@example.com",
        user="us",
        secret="smtp-password",
    )
    return SmtpMailer(smtp, secrets)


def test_one_plain_message_arrives_as_it_was_written(mailer, server):
    mailer.send("ada@example.com", "Your code", "Grüße, 1234 5678\n.\nhttps://auth.example/#1")
    message = server.messages.get_nowait()
    assert (message["To"], message["From"]) == ("ada@example.com", "sign-in@example.com")
    assert message["Subject"] == "Your code"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"]
    assert message["Date"]
    assert message.get_content().splitlines()[0] == "Grüße, 1234 5678"
    assert message.get_content_type() == "text/plain"
    assert any(line.startswith("AUTH") for line in server.heard)


def test_a_refused_recipient_is_unavailable(mailer):
    with pytest.raises(Problem, match="unavailable"):
        mailer.send("refused@example.com", "Your code", "x")


def test_a_server_that_is_gone_is_unavailable(tmp_path):
    mailer = SmtpMailer(Smtp(host="127.0.0.1", port=1, sender="a@b.c"), FileSecrets(tmp_path))
    with pytest.raises(Problem, match="unavailable"):
        mailer.send("ada@example.com", "Your code", "x")


def test_a_header_cannot_be_added_by_an_address(mailer, server):
    with pytest.raises(ValueError, match="linefeed"):
        mailer.send("ada@example.com\nBcc: eve@example.com", "Your code", "x")
    assert server.messages.empty()


def test_a_laptop_writes_mail_for_its_owner_alone(tmp_path):
    file = tmp_path / "data" / "mail.txt"
    for number in range(2):
        FileMailer(file).send("ada@example.com", f"Code {number}", "1234 5678")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text().count("To: ada@example.com\nSubject: Code") == 2
