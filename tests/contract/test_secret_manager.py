"""What SecretManagerSecrets promises beyond the port: mounts, versions, failures."""

import pytest

from shared.errors import Conflict, Problem

NAME = "projects/test-project/secrets/signing-key"


@pytest.fixture
def secrets(managed_secrets):
    return managed_secrets


def test_a_mounted_secret_is_read_without_the_api(secrets, secret_server, tmp_path):
    folder = tmp_path / "mounted" / "signing-key"
    folder.mkdir(parents=True)
    (folder / "signing-key").write_bytes(b"mounted\x00")
    secret_server.secrets[NAME] = [b"api"]
    assert secrets.read("signing-key") == b"mounted\x00"


def test_a_mount_that_cannot_be_read_is_unavailable(secrets, secret_server, tmp_path):
    (tmp_path / "mounted" / "signing-key" / "signing-key").mkdir(parents=True)
    with pytest.raises(Problem, match="unavailable"):
        secrets.read("signing-key")


def test_every_write_is_a_version(secrets, secret_server):
    secrets.write("signing-key", b"1")
    secrets.write("signing-key", b"2")
    assert secret_server.secrets == {NAME: [b"1", b"2"]}


def test_a_secret_without_a_version_exists(secrets, secret_server):
    secret_server.secrets[NAME] = []
    with pytest.raises(Problem, match="not_found"):
        secrets.read("signing-key")
    with pytest.raises(Conflict):
        secrets.write("signing-key", b"1", if_absent=True)
    secrets.write("signing-key", b"1")
    assert secrets.read("signing-key") == b"1"


def test_a_disabled_version_is_not_found(secrets, secret_server):
    secrets.write("signing-key", b"1")
    secret_server.disabled.add(NAME)
    with pytest.raises(Problem, match="not_found"):
        secrets.read("signing-key")


def test_a_value_that_does_not_match_its_checksum_is_refused(secrets, secret_server):
    secrets.write("signing-key", b"1")
    secret_server.corrupt = True
    with pytest.raises(Problem, match="unavailable"):
        secrets.read("signing-key")


@pytest.mark.slow
def test_a_store_that_is_not_there_is_unavailable_within_seconds(secrets, secret_server):
    secret_server.server.stop(grace=None).wait()
    with pytest.raises(Problem, match="unavailable"):
        secrets.read("signing-key")
    with pytest.raises(Problem, match="unavailable"):
        secrets.write("signing-key", b"1")
