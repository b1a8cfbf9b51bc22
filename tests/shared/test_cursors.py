"""A cursor says where a walk stands to whoever sealed it and asks on; to others it says nothing."""

import base64
from hashlib import sha256

import orjson
import pytest

from shared.cursors import seal, unseal

KEY = b"a key of ours"
QUESTION = "digest of a question"
LONG = {f"catalog_{n}": ["12", [1, 2, n], "", "revision", 1_795_914_133] for n in range(40)}
TOO_LONG = [sha256(str(n).encode()).hexdigest() for n in range(2_000)]
"""Such that even compressed it is more than 65,536 characters."""


@pytest.mark.parametrize(
    "place", [0, "", "x", "xx", "xxx", [], {"shop": ["1", None, ""]}, LONG], ids=repr
)
def test_a_place_comes_back_as_it_was(place):
    cursor = seal(place, QUESTION, KEY)
    assert unseal(cursor, QUESTION, KEY) == place
    assert cursor.isascii()
    assert not set(cursor) & set("=+/ ")


def test_a_cursor_is_the_same_whenever_it_is_made():
    assert seal(LONG, QUESTION, KEY) == seal(LONG, QUESTION, KEY)


@pytest.mark.parametrize("question", ["", "digest", "digest of another question", "zzz", "a"])
def test_for_another_question_it_is_no_cursor(question):
    assert unseal(seal([1], QUESTION, KEY), question, KEY) is None


def test_with_another_key_it_is_no_cursor():
    assert unseal(seal([1], QUESTION, KEY), QUESTION, b"another key") is None
    assert seal([1], QUESTION, KEY) != seal([1], QUESTION, b"another key")


@pytest.mark.parametrize("place", [[1], LONG], ids=["short", "long"])
def test_with_any_bit_changed_or_cut_anywhere_it_is_no_cursor(place):
    cursor = seal(place, QUESTION, KEY)
    raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    for at in range(len(raw)):
        changed = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
        forged = base64.urlsafe_b64encode(changed).rstrip(b"=").decode()
        assert unseal(forged, QUESTION, KEY) is None
        assert unseal(base64.urlsafe_b64encode(raw[:at]).decode(), QUESTION, KEY) is None


@pytest.mark.parametrize("strange", ["\n", " ", "!", "+", "="])
def test_with_other_characters_put_in_it_is_no_cursor(strange):
    """Four, so that what pads it stays right."""
    cursor = seal([1], QUESTION, KEY)
    for amount in (1, 4):
        assert unseal(f"{cursor[:8]}{strange * amount}{cursor[8:]}", QUESTION, KEY) is None


@pytest.mark.parametrize("text", [None, "", "x", "!!", "é" * 9, "A" * 100_000])
def test_anything_else_is_no_cursor(text):
    assert unseal(text, QUESTION, KEY) is None


def test_a_cursor_of_many_catalogs_is_shorter_than_what_it_says():
    assert len(seal(LONG, QUESTION, KEY)) < len(orjson.dumps(LONG)) / 2


def test_a_cursor_of_one_catalog_is_readable_behind_its_seal():
    cursor = seal({"shop": ["1", [3]]}, QUESTION, KEY)
    raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    assert raw[16:] == orjson.dumps([QUESTION, {"shop": ["1", [3]]}])


def test_what_is_longer_than_any_cursor_is_not_even_opened():
    cursor = seal(TOO_LONG, QUESTION, KEY)
    assert len(cursor) > 65_536
    assert unseal(cursor, QUESTION, KEY) is None
