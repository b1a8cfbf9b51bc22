"""What publish, upsert and check say of a feed: rows with rows, notes in groups, files of all."""

import csv
import json

import orjson
import pytest
from click.testing import CliRunner

from shared.cli.main import main
from shared.errors import Problem
from tests.platform import product


def variants(groups, of_each, bad=()):
    """Rows of groups of variants as TSV; rows at the places `bad` have no price."""
    lines = ["id\titem_group_id\ttitle\tlink\tprice\tsize"]
    for number in range(groups * of_each):
        group, size = divmod(number, of_each)
        price = "soon" if number in bad else "5.00 EUR"
        link = f"https://books.example/{group}?variant={number}"
        lines.append(f"{number}\tG{group}\tShirt\t{link}\t{price}\t{size}")
    return "\n".join(lines) + "\n"


@pytest.fixture
def write(tmp_path):
    def write(content, name="feed.txt"):
        feed = tmp_path / name
        feed.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(feed)

    return write


@pytest.fixture(params=["publish_catalog", "upsert_products", "check_feed"])
def operation(request):
    return request.param


@pytest.fixture
def on_books(stocked, write, operation):
    """Run one of the operations on `books` with a feed."""

    def run(content, **options):
        if operation != "upsert_products":
            options = {"confirm": True, **options}
        return stocked.do(operation, catalog="books", source=write(content), **options)

    return run


def test_rejected_rows_are_counted_with_rows_and_not_with_products(on_books):
    report = on_books(variants(30, 10, bad=(34, 134, 234)))
    assert (report["rows"], report["rejected"], report["accepted"]) == (300, 3, 30)
    with pytest.raises(Problem) as refused:
        on_books(variants(30, 10, bad=range(20)))
    assert "20 of 300 rows were rejected, more than the 5%" in refused.value.message


def test_rows_of_shopify_are_variants(on_books):
    def one(number, price):
        return {"id": number, "price": price}

    products = [
        {"id": n, "title": "Hat", "handle": f"hat-{n}", "variants": [one(10 * n, "5"), one(n, "x")]}
        for n in range(1, 5)
    ]
    feed = orjson.dumps({"products": products})
    report = on_books(feed, currency="EUR", rejected_share=0.5)
    assert (report["rows"], report["rejected"], report["accepted"]) == (8, 4, 4)
    assert report["rejections"] == [
        {
            "field": "price",
            "reason": 'not a price. Write a number with a point, such as "12.99 USD".',
            "count": 4,
            "lines": [1, 2, 3, 4],
            "keys": ["1", "2", "3", "4"],
        }
    ]


def test_a_thousand_equal_warnings_do_not_hide_another_one(on_books):
    lines = ["id\ttitle\tlink\tgtin\timage_link\tcustom_label_0\ttax"]
    for number in range(1000):
        gtin = "123" if number == 777 else ""
        link = f"https://books.example/{number}"
        lines.append(f"{number}\tMug\t{link}\t{gtin}\tno_selection\ta\tb")
    report = on_books("\n".join(lines))
    assert report["warned"] == 1001
    (pictures, gtin) = report["warnings"]
    assert (pictures["field"], pictures["count"]) == ("image_link", 1000)
    assert (pictures["lines"], pictures["keys"]) == ([2, 3, 4, 5, 6], ["0", "1", "2", "3", "4"])
    assert (gtin["field"], gtin["count"], gtin["lines"], gtin["keys"]) == (
        "gtin",
        1,
        [779],
        ["777"],
    )
    columns = {each["column"]: each["rows"] for each in report["leftOutColumns"]}
    assert columns == {"custom_label_0": 1000, "tax": 1000}


BAD = (
    "id\ttitle\tlink\tprice\tgtin\tstore_code\n"
    '1\t"Red\nmug"\thttps://books.example/1\t1 EUR\t12\tx\n'
    "2\tMug\t#\t=1+1\t\tx\n3\tMug\thttps://books.example/3\t2 EUR\t\t\n"
)


def test_a_report_file_has_every_note_with_its_line_id_field_and_value(on_books, tmp_path):
    for name in ("report.jsonl", "report.csv"):
        on_books(BAD, rejected_share=1, report=str(tmp_path / name))
    lines = [json.loads(line) for line in (tmp_path / "report.jsonl").read_text().splitlines()]
    told = [
        (line["kind"], line["line"], line["id"], line["field"], line["value"]) for line in lines
    ]
    assert told == [
        ("rejected", 4, "2", "link", "#"),
        ("rejected", 4, "2", "price", "=1+1"),
        ("warning", 2, "1", "gtin", "12"),
        ("column", None, None, "store_code", ""),
    ]
    assert all(line["what"].endswith(".") for line in lines)
    with (tmp_path / "report.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == len(lines)
    assert rows[1]["value"] == "'=1+1"  # no formula


def test_a_report_file_is_written_of_a_feed_that_is_refused_too(on_books, tmp_path):
    with pytest.raises(Problem) as refused:
        on_books(BAD, rejected_share=0, report=str(tmp_path / "report.csv"))
    assert refused.value.details["rejections"][0]["count"] == 1
    assert "link" in (tmp_path / "report.csv").read_text()
    with pytest.raises(Problem) as refused:
        on_books(BAD, report=str(tmp_path / "nowhere" / "report.csv"))
    assert refused.value.details["field"] == "report"


def test_checking_a_feed_changes_nothing(stocked, write):
    rows = b"".join(orjson.dumps(product(str(n))) + b"\n" for n in range(8))
    report = stocked.do("check_feed", catalog="books", source=write(rows))
    assert (report["rows"], report["accepted"]) == (8, 8)
    alone = stocked.do("check_feed", source=write(rows))
    assert alone == report
    assert len(stocked.do("list_versions", catalog="books")) == 1


def feed_of(number):
    return b"".join(orjson.dumps(product(str(n))) + b"\n" for n in range(number))


def test_a_catalog_that_would_shrink_much_asks_to_be_confirmed(stocked, write):
    stocked.publish("books", [product(str(n)) for n in range(10)])
    for operation in ("publish_catalog", "check_feed"):
        with pytest.raises(Problem) as refused:
            stocked.do(operation, catalog="books", source=write(feed_of(6)))
        assert refused.value.details == {"productsBefore": 10, "productsAfter": 6}
        assert "--yes" in refused.value.message
    assert stocked.do("publish_catalog", catalog="books", source=write(feed_of(7)))["accepted"] == 7
    shrunk = stocked.do("publish_catalog", catalog="books", source=write(feed_of(1)), confirm=True)
    assert shrunk["productCount"] == 1


def test_a_single_full_page_is_warned_of_and_replaces_a_larger_catalog_only_confirmed(
    stocked, write
):
    products = [{"id": n, "title": "Hat", "handle": f"hat-{n}"} for n in range(250)]
    page = write(orjson.dumps({"products": products}))
    report = stocked.do("publish_catalog", catalog="books", source=page)
    assert "exactly 250 products, which is one full page" in report["warnings"][0]["reason"]
    stocked.publish("books", [product(str(n)) for n in range(300)])
    with pytest.raises(Problem) as refused:
        stocked.do("publish_catalog", catalog="books", source=page)
    assert "one full page of 250" in refused.value.message
    assert (
        stocked.do("publish_catalog", catalog="books", source=page, confirm=True)["accepted"] == 250
    )


def test_the_command_says_how_far_it_is_on_stderr_alone_and_the_report_on_stdout(stocked, write):
    environment = stocked.settings.environment()
    feed = write(feed_of(5))
    for arguments in (("books", feed), ("books", feed, "--check"), ("--check", feed)):
        done = CliRunner().invoke(main, ["publish", *arguments], env=environment)
        assert done.exit_code == 0, done.output
        report = json.loads(done.stdout)
        assert report["accepted"] == 5
        size = len(feed_of(5))
        assert f"reading the feed, bytes: 0 of {size} (0%)" in done.stderr
        assert f"of {size} (100%)" in done.stderr
    refused = CliRunner().invoke(main, ["publish", "books"], env=environment)
    assert "Missing argument 'SOURCE'" in refused.stderr
    broken = CliRunner().invoke(main, ["publish", "--check", write(b"{}\n")], env=environment)
    progress, _, error = broken.stderr.rpartition("\n{")
    assert "(100%)" in progress
    assert json.loads("{" + error)["error"] == "publish_rejected"
