"""The two key rings: made once whoever races, read again as they change."""

import subprocess
import sys
from pathlib import Path

import pytest

from shared.auth.keyring import SEALING, KeyRings, SealingRing, create_missing
from shared.errors import Problem
from shared.local.secrets import FileSecrets
from tests.platform import MovedClock

ROOT = Path(__file__).parents[3]
RACER = """
import sys
from pathlib import Path
from shared.auth.keyring import SEALING, SIGNING, create_missing
from shared.local.secrets import FileSecrets
secrets = FileSecrets(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
create_missing(secrets)
print((secrets.read(SIGNING) + secrets.read(SEALING)).hex(), flush=True)
"""


def test_processes_that_race_for_the_first_rings_end_with_the_same_ones(tmp_path):
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, tmp_path / "secrets"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for _ in range(4)
    ]
    for racer in racers:
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        racer.stdin.write("go\n")
        racer.stdin.flush()
    found = {racer.communicate()[0] for racer in racers}
    assert len(found) == 1
    assert len(found.pop()) > 200


def test_creating_what_exists_changes_nothing(tmp_path):
    secrets = FileSecrets(tmp_path)
    create_missing(secrets)
    before = secrets.read(SEALING)
    create_missing(secrets)
    assert secrets.read(SEALING) == before


def test_before_rings_exist_it_says_so(tmp_path):
    rings = KeyRings(FileSecrets(tmp_path), MovedClock())
    for read in (rings.signing, rings.sealing, lambda: rings.verifying(needing="any")):
        with pytest.raises(Problem) as refused:
            read()
        assert refused.value.code == "not_found"


def test_a_seal_is_good_for_its_purpose_and_message_and_as_long_as_its_key_is_kept():
    old, new = b"o" * 32, b"n" * 32
    tag = SealingRing((old,)).seal("cursor", b"message")
    assert SealingRing((new, old)).holds("cursor", b"message", tag)
    assert not SealingRing((new,)).holds("cursor", b"message", tag)
    assert not SealingRing((old,)).holds("client", b"message", tag)
    assert not SealingRing((old,)).holds("cursor", b"Message", tag)
    assert not SealingRing((old,)).holds("cursor", b"message", tag[:-1])
    assert SealingRing((new, old)).seal("cursor", b"message") != tag


def test_what_is_hidden_is_read_for_its_purpose_as_long_as_its_key_is_kept():
    old, new = b"o" * 32, b"n" * 32
    hidden = SealingRing((old,)).hide("cookie", b"message")
    assert b"message" not in hidden
    assert SealingRing((old,)).hide("cookie", b"message") != hidden
    assert SealingRing((new, old)).reveal("cookie", hidden) == b"message"
    assert SealingRing((new,)).reveal("cookie", hidden) is None
    assert SealingRing((old,)).reveal("form", hidden) is None
    for wrong in (b"", hidden[:11], hidden[:-1], hidden[:-1] + bytes([hidden[-1] ^ 1])):
        assert SealingRing((old,)).reveal("cookie", wrong) is None


def test_an_unknown_key_id_makes_the_ring_be_read_at_most_once_a_second(platform):
    class Reads:
        """The real secrets, counted."""

        count = 0

        def read(self, name):
            self.count += 1
            return platform.app.secrets.read(name)

    reads, clock = Reads(), MovedClock()
    rings = KeyRings(reads, clock)
    rings.verifying(needing="unknown")
    for _ in range(50):
        rings.verifying(needing="unknown")
    assert reads.count == 1
    clock.advance(1)
    for _ in range(50):
        rings.verifying(needing="unknown")
    assert reads.count == 2
