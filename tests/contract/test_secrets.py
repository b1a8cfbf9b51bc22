"""What every Secrets adapter promises."""

from concurrent.futures import ThreadPoolExecutor

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


def test_a_value_of_64_kib_is_the_largest(secrets):
    secrets.write("signing-key", b"x" * 65_536)
    with pytest.raises(ValueError, match="at most"):
        secrets.write("signing-key", b"x" * 65_537)
    assert secrets.read("signing-key") == b"x" * 65_536


def test_of_many_writers_if_absent_exactly_one_wins(secrets):
    def write(n):
        try:
            secrets.write("signing-key", b"%d" % n, if_absent=True)
        except Conflict:
            return None
        return b"%d" % n

    with ThreadPoolExecutor(8) as pool:
        winners = [value for value in pool.map(write, range(8)) if value is not None]
    assert [secrets.read("signing-key")] == winners
