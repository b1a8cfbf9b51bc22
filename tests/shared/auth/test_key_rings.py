"""Rotating key rings: nothing that was signed or sealed before a step is refused after it."""

import pytest

from shared.auth import keyring
from shared.errors import Problem
from shared.local.secrets import FileSecrets


@pytest.fixture
def secrets(tmp_path):
    secrets = FileSecrets(tmp_path)
    keyring.create_missing(secrets)
    return secrets


def signing(secrets):
    return keyring.SigningRing.unpack(secrets.read(keyring.SIGNING))


def sealing(secrets):
    return keyring.SealingRing.unpack(secrets.read(keyring.SEALING))


def test_the_first_step_only_publishes_the_next_signing_key(secrets):
    before = signing(secrets)
    keyring.rotate(secrets, keyring.SIGNING)
    after = signing(secrets)
    assert after.current == before.current
    assert [key.role for key in after.keys] == ["current", "next"]


def test_a_signing_key_is_published_a_step_before_it_signs_and_a_step_after(secrets):
    for _ in range(3):
        before = signing(secrets)
        keyring.rotate(secrets, keyring.SIGNING)
        after = signing(secrets)
        assert before.key(after.current.kid) is not None
        assert after.key(before.current.kid) is not None
    assert sorted(key.role for key in after.keys) == ["current", "next", "previous"]
    assert after.current.kid != before.current.kid


def test_what_was_sealed_before_a_step_is_opened_after_it_and_the_other_way_round(secrets):
    for _ in range(3):
        before = sealing(secrets)
        keyring.rotate(secrets, keyring.SEALING)
        after = sealing(secrets)
        assert after.holds("cursor", b"m", before.seal("cursor", b"m"))
        assert before.holds("cursor", b"m", after.seal("cursor", b"m")) or len(before.keys) == 1


def test_a_sealing_key_is_gone_three_steps_later(secrets):
    first = sealing(secrets)
    for _ in range(4):
        keyring.rotate(secrets, keyring.SEALING)
    assert not sealing(secrets).holds("cursor", b"m", first.seal("cursor", b"m"))


def test_only_rings_that_exist_are_rotated(tmp_path, secrets):
    with pytest.raises(ValueError, match="no key ring"):
        keyring.rotate(secrets, "smtp-password")
    with pytest.raises(Problem, match="no secret"):
        keyring.rotate(FileSecrets(tmp_path / "empty"), keyring.SIGNING)
