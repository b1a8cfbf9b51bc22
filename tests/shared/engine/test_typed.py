"""The rules by which values become typed: what each type takes, what unknown ones become."""

import pytest

from shared.engine.typed import MOST_FAILURES, Declared, Entry, Given, normal_language, typed
from shared.query.kinds import Kind

KNOWN = {
    "title": Declared(Kind.TEXT),
    "name": Declared(Kind.LOCALIZED_TEXT),
    "pages": Declared(Kind.INTEGER),
    "price": Declared(Kind.DECIMAL),
    "touch": Declared(Kind.BOOLEAN),
    "released": Declared(Kind.TIMESTAMP),
    "gtin": Declared(Kind.LIST, ";"),
    "tags": Declared(Kind.LOCALIZED_LIST, ","),
}


def one(property_, value, language=None, known=KNOWN):
    return typed([Entry("a", (Given(property_, value, language),))], known)


@pytest.mark.parametrize(
    ("property_", "value", "language", "body"),
    [
        ("title", "", None, {"s.title": ""}),
        ("TITLE", "x", None, {"s.title": "x"}),
        ("name", "x", "EN", {"m.name": {"en": "x"}}),
        ("name", "x", "pt-br", {"m.name": {"pt-BR": "x"}}),
        ("pages", 2**63 - 1, None, {"i.pages": 2**63 - 1}),
        ("pages", -(2**63), None, {"i.pages": -(2**63)}),
        ("price", 5, None, {"n.price": 5.0}),
        ("price", 49.95, None, {"n.price": 49.95}),
        ("touch", False, None, {"b.touch": False}),
        ("released", "2009-12-10T01:00:00+01:00", None, {"t.released": "2009-12-10T00:00:00Z"}),
        ("gtin", ["1,2", "3"], None, {"l.gtin": ["1,2", "3"]}),
        ("gtin", [], None, {"l.gtin": []}),
        ("tags", ["new"], "sv", {"ml.tags": {"sv": ["new"]}}),
        ("title", None, None, {"s.title": None}),
        ("name", None, "en", {"m.name": {"en": None}}),
    ],
)
def test_a_declared_type_takes(property_, value, language, body):
    result = one(property_, value, language)
    assert (result.failures, result.added) == ([], {})
    assert result.edits[0].values == body


@pytest.mark.parametrize(
    ("property_", "value", "language", "said"),
    [
        ("title", 5, None, "takes a text"),
        ("title", "x", "en", "not localized"),
        ("name", "x", None, "Name its language"),
        ("name", "x", "english", "Name its language"),
        ("name", None, None, "Name its language"),
        ("pages", 5.0, None, "whole number"),
        ("pages", True, None, "whole number"),
        ("pages", "5", None, "whole number"),
        ("pages", 2**63, None, "whole number"),
        ("price", "5", None, "finite number"),
        ("price", True, None, "finite number"),
        ("price", float("inf"), None, "finite number"),
        ("price", 10**400, None, "finite number"),
        ("touch", 1, None, "true or false"),
        ("released", "2009-12-10", None, "with its offset"),
        ("released", "2009-12-10T00:00:00", None, "with its offset"),
        ("released", "yesterday", None, "with its offset"),
        ("released", "0001-01-01T00:00:00+14:00", None, "with its offset"),
        ("gtin", ["1;2"], None, "without ';'"),
        ("gtin", "1", None, "a list of texts"),
        ("gtin", [1], None, "a list of texts"),
        ("new", None, None, "nothing to clear"),
        ("new", {"a": 1}, None, "no type for such a value"),
        ("new", 5, "en", "no type for such a value"),
        ("a.b", "x", None, "1 to 100 of a-z"),
        ("", "x", None, "1 to 100 of a-z"),
        ("ä", "x", None, "1 to 100 of a-z"),
    ],
)
def test_a_declared_type_refuses_and_says_what_it_takes(property_, value, language, said):
    (failure,) = one(property_, value, language).failures
    assert failure.path.startswith("entries[0].properties[0]")
    assert said in failure.message


@pytest.mark.parametrize(
    ("value", "language", "declared"),
    [
        ("x", None, Declared(Kind.TEXT)),
        ("x", "en", Declared(Kind.LOCALIZED_TEXT)),
        ("2009-12-10T00:00:00Z", None, Declared(Kind.TEXT)),
        (True, None, Declared(Kind.BOOLEAN)),
        (5, None, Declared(Kind.INTEGER)),
        (5.0, None, Declared(Kind.DECIMAL)),
        (["x"], None, Declared(Kind.LIST, ",")),
        (["x"], "en", Declared(Kind.LOCALIZED_LIST, ",")),
    ],
)
def test_an_unknown_property_gets_the_type_its_value_shows_and_is_reported(
    value, language, declared
):
    result = one("new", value, language)
    assert (result.failures, result.added) == ([], {"new": declared})


def test_two_types_for_a_new_property_in_one_call_are_refused():
    entries = [Entry(key, (Given("new", value),)) for key, value in (("a", 5), ("b", 5.5))]
    (failure,) = typed(entries, {}).failures
    assert failure.path == "entries[1].properties[0].value"
    assert "integer and decimal" in failure.message


def test_all_failures_are_told_at_once_and_beyond_a_hundred_counted():
    entries = [Entry(str(n), (Given("pages", "x"), Given("price", "y"))) for n in range(80)]
    result = typed(entries, KNOWN)
    assert (len(result.failures), result.failed) == (MOST_FAILURES, 160)


def test_a_record_or_a_property_that_comes_twice_is_refused():
    twice = typed([Entry("a"), Entry("a")], {})
    assert [failure.path for failure in twice.failures] == ["entries[1].id"]
    given = (Given("title", "x"), Given("Title", "y"), Given("name", "x", "en"))
    result = typed(
        [Entry("a", (*given, Given("name", "y", "EN"), Given("name", "z", "sv")))], KNOWN
    )
    assert [failure.path[-13:] for failure in result.failures] == ["properties[1]", "properties[3]"]


def test_a_deletion_takes_no_properties():
    (failure,) = typed([Entry("a", (Given("title", "x"),), combine="delete")], KNOWN).failures
    assert failure.path == "entries[0].properties"


@pytest.mark.parametrize(
    ("text", "normal"),
    [("en", "en"), ("EN-us", "en-US"), ("zh-hant-tw", "zh-Hant-TW"), ("es-419", "es-419")],
)
def test_a_language_has_one_spelling(text, normal):
    assert normal_language(text) == normal


@pytest.mark.parametrize("text", ["", "e", "en_US", "english", "en-", "en-usa1", "ñn", "en us"])
def test_what_is_no_language_is_none(text):
    assert normal_language(text) is None
