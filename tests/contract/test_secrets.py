"""What every Secrets adapter promises."""

import pytest

from shared.errors import Conflict, Problem


def test_the_newest_value_is_read(secrets):
    secrets.write("signing-key", b"\x00first\xff")
    assert secrets.read("signing-key") == b"\x00first\xff"
    secrets.write("signing-key", b"second")
    assert secrets.read("signing-key") == b"second"


def test_a_missing_secret_is_not_found(secrets):
    with pytest.raises(Problem, match="not_found"):
        secrets.read("signing-key")


def test_an_existing_secret_is_not_written_if_absent(secrets):
    secrets.write("signing-key", b"first", if_absent=True)
    with pytest.raises(Conflict) as raised:
        secrets.write("signing-key", b"second", if_absent=True)
    assert raised.value.path == "signing-key"
    assert secrets.read("signing-key") == b"first"


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a b", "a.b", "ä", "x" * 256, "a\n"])
def test_a_broken_name_is_refused(secrets, name):
    with pytest.raises(ValueError, match="name"):
        secrets.read(name)
    with pytest.raises(ValueError, match="name"):
        secrets.write(name, b"x")
