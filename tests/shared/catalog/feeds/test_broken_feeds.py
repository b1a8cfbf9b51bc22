import gzip
import resource
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from shared.catalog.feeds import rows
from shared.catalog.feeds.kinds import KINDS
from shared.catalog.feeds.read import read_feed
from shared.errors import Problem

ROW = {"id": "1", "title": "Mug", "url": "https://shop.example/mug"}
LINE = orjson.dumps(ROW) + b"\n"
ITEM = "<item><g:id>1</g:id><g:title>Mug</g:title><g:link>https://shop.example/1</g:link></item>"
RSS = '<rss xmlns:g="http://base.google.com/ns/1.0"><channel>'
END = "</channel></rss>"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"\xef\xbb\xbf" + LINE, id="a byte order mark"),
        pytest.param(LINE.replace(b"\n", b"\r\n") + b"\r\n \n", id="CRLF and blank lines"),
        pytest.param(LINE.rstrip(), id="no line end"),
        pytest.param(gzip.compress(LINE), id="gzip, whatever its name"),
        pytest.param(gzip.compress(LINE[:20]) + gzip.compress(LINE[20:]), id="gzip in two parts"),
        pytest.param(RSS + ITEM + END, id="XML"),
        pytest.param("\ufeff" + RSS + ITEM + END, id="XML with a byte order mark"),
        pytest.param((RSS + ITEM + END).encode("utf-16"), id="XML in UTF-16"),
        pytest.param(
            "id\ttitle\tlink\r1\tMug\thttps://shop.example/1\n".replace("\r", "\r\n"), id="TSV"
        ),
        pytest.param("\ufeffid\ttitle\tlink\n1\tMug\thttps://shop.example/1", id="TSV with a mark"),
    ],
)
def test_a_feed_is_known_by_its_content(read, content):
    result = read(content)
    assert result.rejected == []
    assert list(result.products) == ["1"]


BOMB = '<!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
DAMAGED = {
    "gzip cut off": gzip.compress(LINE * 5000)[:-30],
    "gzip damaged": gzip.compress(LINE * 5000)[:60] + b"\0" * 40,
    "gzip by name only": b"\x1f\x8bnot gzip at all",
    "XML cut off": RSS + ITEM,
    "XML not well-formed": RSS + "<item><g:id>1</item>" + END,
    "XML that is a page": "<html><body>Not found</body></html>",
    "an entity bomb": BOMB + RSS + ITEM.replace("Mug", "&b;") + END,
    "an external entity": '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + RSS + END,
    "a tag without end": RSS + "<item><g:id " + "a" * (rows.MAX_ROW + 200_000),
    "no kind": b"hello",
    "a JSON array": b"[]",
    "nothing": b"",
    "TSV without an id column": "name\tprice\na\tb\n",
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_feed_that_is_damaged_as_a_whole_gives_no_product(tmp_path, content):
    feed = tmp_path / "feed"
    feed.write_bytes(content if isinstance(content, bytes) else content.encode())
    taken = []
    with pytest.raises(Problem) as refused:
        taken.extend(row for row in read_feed(feed) if isinstance(row, rows.Accepted))
    assert refused.value.code == "invalid"
    assert taken == []


def test_a_feed_that_is_not_there_is_not_found(tmp_path):
    with pytest.raises(Problem) as refused:
        list(read_feed(tmp_path / "none"))
    assert refused.value.code == "not_found"


def test_an_unknown_kind_is_refused_by_naming_the_known(read):
    with pytest.raises(Problem) as refused:
        read(LINE, kind="csv")
    assert all(kind in refused.value.message for kind in KINDS)


def test_a_kind_that_is_named_is_believed(read):
    assert read(b"", kind="jsonl") == ([], [])
    with pytest.raises(Problem):
        read(LINE, kind="merchant_xml")


def too_long(kind):
    big = "x" * (rows.MAX_ROW + 1)
    if kind == "jsonl":
        return orjson.dumps({**ROW, "id": "0", "description": big}) + b"\n" + LINE
    if kind == "merchant_tsv":
        lines = ["id\ttitle\tlink", f"0\t{big}\t", "1\tMug\thttps://shop.example/1", ""]
        return "\n".join(lines).encode()
    return (RSS + f"<item><g:id>0</g:id><g:title>{big}</g:title></item>" + ITEM + END).encode()


@pytest.mark.parametrize("kind", ["jsonl", "merchant_tsv", "merchant_xml"])
def test_a_row_too_long_is_rejected_and_the_next_is_read(read, kind):
    result = read(too_long(kind))
    assert len(result.rejected) == 1
    assert result.reasons[0].startswith(f"row: longer than {rows.MAX_ROW}")
    assert list(result.products) == ["1"]


@pytest.mark.slow
def test_memory_stays_bounded_whatever_the_feed_unpacks_to(tmp_path):
    """512 MB of zeros in one line, and 100,000 products, in 400 MB of address space."""
    line_of_zeros, many = tmp_path / "bomb.gz", tmp_path / "many.gz"
    with gzip.open(line_of_zeros, "wb", compresslevel=1) as feed:
        for _ in range(512):
            feed.write(b"0" * 1024 * 1024)
    with gzip.open(many, "wb", compresslevel=1) as feed:
        for number in range(100_000):
            feed.write(orjson.dumps({**ROW, "id": number, "description": "y" * 900}) + b"\n")
    program = (
        "import sys\nfrom pathlib import Path\nfrom shared.catalog.feeds.read import read_feed\n"
        "print(*(sum(1 for _ in read_feed(Path(name), kind='jsonl')) for name in sys.argv[1:]))"
    )
    limit = 400 * 1024 * 1024
    done = subprocess.run(
        [sys.executable, "-c", program, str(line_of_zeros), str(many)],
        cwd=Path(__file__).parents[4],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["1", "100000"], done.stderr
