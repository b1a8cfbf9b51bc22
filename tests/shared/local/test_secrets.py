"""What FileSecrets promises beyond the port: nobody else on the machine can read them."""

import os
import stat

import pytest

from shared.errors import Problem
from shared.local.secrets import FileSecrets


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def wide_open():
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.parametrize("if_absent", [True, False])
def test_files_and_folder_are_private(tmp_path, wide_open, if_absent):
    secrets = FileSecrets(tmp_path / "secrets")
    secrets.write("signing-key", b"x", if_absent=if_absent)
    assert mode(tmp_path / "secrets") == 0o700
    assert mode(tmp_path / "secrets" / "signing-key") == 0o600


def test_reading_makes_nothing(tmp_path):
    with pytest.raises(Problem, match="not_found"):
        FileSecrets(tmp_path / "secrets").read("signing-key")
    assert list(tmp_path.iterdir()) == []
