"""Encodings, containers, separators and headers are found out; what is no feed is named."""

import codecs
import gzip
import io
import zipfile

import orjson
import pytest

from shared.catalog.feeds.read import read_feed
from shared.catalog.feeds.rows import Said
from shared.errors import Problem

WORDS = "Gärtnerschürze, Größe M, Café"
SHOP = {"base_url": "https://shop.example", "currency": "EUR"}
FEEDS = {
    "jsonl": '{"id": "1", "title": "WORDS", "url": "https://shop.example/1"}\n'.replace(
        "WORDS", WORDS
    ),
    "merchant_tsv": f"id\ttitle\tlink\n1\t{WORDS}\thttps://shop.example/1\n",
    "merchant_xml": (
        '<rss xmlns:g="http://base.google.com/ns/1.0"><channel><item><g:id>1</g:id>'
        f"<g:title>{WORDS}</g:title><g:link>https://shop.example/1</g:link></item></channel></rss>"
    ),
    "shopify": '{"products": [{"id": 1, "title": "WORDS", "handle": "a"}]}'.replace("WORDS", WORDS),
}


def zipped(content, *names):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names or ("feed.txt",):
            archive.writestr(name, content)
    return packed.getvalue()


ENCODED = {
    "UTF-8": lambda text: text.encode(),
    "UTF-8 with a mark": lambda text: codecs.BOM_UTF8 + text.encode(),
    "UTF-16 with a mark": lambda text: text.encode("utf-16"),
    "UTF-16 big-endian with a mark": lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
    "UTF-16 without a mark": lambda text: text.encode("utf-16-le"),
    "Windows-1252": lambda text: text.encode("cp1252"),
    "gzip": lambda text: gzip.compress(text.encode()),
    "zip": lambda text: zipped(text.encode()),
    "a Mac's zip": lambda text: zipped(text.encode(), "feed.txt", "__MACOSX/._feed.txt"),
    "gzip of UTF-16": lambda text: gzip.compress(text.encode("utf-16")),
    "zip of Windows-1252": lambda text: zipped(text.encode("cp1252")),
    "carriage returns": lambda text: text.replace("\n", "\r").encode(),
    "both line ends": lambda text: text.replace("\n", "\r\n").encode(),
}


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("kind", FEEDS)
@pytest.mark.parametrize("encoded", ENCODED)
def test_a_feed_is_read_in_the_encoding_and_container_it_comes_in(read, encoded, kind, named):
    result = read(ENCODED[encoded](FEEDS[kind]), kind=kind if named else None, **SHOP)
    assert result.rejected == []
    assert [product.title for product in result.products.values()] == [WORDS]


@pytest.mark.parametrize("codec", ["iso-8859-1", "windows-1252", "iso-8859-15"])
def test_the_encoding_an_xml_feed_declares_is_believed(read, codec):
    text = FEEDS["merchant_xml"]
    declared = f'<?xml version="1.0" encoding="{codec}"?>{text}'
    assert read(declared.encode(codec)).products["1"].title == WORDS


def test_an_xml_feed_that_is_utf8_and_declares_another_encoding_is_read_as_what_it_is(tmp_path):
    feed = tmp_path / "feed"
    declared = f'<?xml version="1.0" encoding="ISO-8859-1"?>{FEEDS["merchant_xml"]}'
    feed.write_bytes(declared.encode())
    said, row = read_feed(feed)
    assert row.product.title == WORDS
    assert "Read as UTF-8" in said.what


def test_another_legacy_encoding_is_told_by_its_words_and_said(tmp_path):
    words = "Zażółć gęślą jaźń, książka o żółwiach i łosiach, święto, źdźbło, żelazko"
    feed = tmp_path / "feed"
    feed.write_bytes(FEEDS["merchant_tsv"].replace(WORDS, words).encode("cp1250"))
    said, row = read_feed(feed)
    assert row.product.title == words
    assert isinstance(said, Said)
    assert "Windows-1250" in said.what


def test_bytes_that_are_none_of_a_utf8_feed_cost_only_their_row(read):
    lines = "".join(f"{n}\tGröße\thttps://shop.example/{n}\n" for n in range(2, 5))
    broken = b"1\tM\xfcg\thttps://shop.example/1\n"
    result = read("id\ttitle\tlink\n", broken, lines)
    assert result.reasons == ["row: not valid UTF-8."]
    assert list(result.products) == ["2", "3", "4"]


@pytest.mark.parametrize("separator", ["\t", ",", ";", "|"])
@pytest.mark.parametrize(
    "header",
    [
        ("id", "title", "link"),
        ("ID", "Title", "Link"),
        ('"id"', '"title"', '"link"'),
        ("ID [id]", "Title [title]", "Link [link]"),
        ("g:id", "g:title", "g:link"),
        ("\ufeffid", "title", "link"),
        ("id", "title (text)", "link"),
    ],
    ids=str,
)
def test_a_header_is_read_however_it_is_written(read, separator, header):
    row = separator.join(["1", '"Mug; red, 3|4\tl"', "https://shop.example/1"])
    result = read(f"{separator.join(header)}\n{row}\n")
    assert result.products["1"].title == "Mug; red, 3|4 l"


def test_excels_line_about_the_separator_is_understood(read):
    assert list(read("sep=;\nid;title;link\n1;Mug;https://shop.example/1\n").products) == ["1"]


def test_empty_lines_before_the_header_are_passed_over_and_counted(read):
    result = read("\n\r\n", "id\ttitle\tlink\n1\t\thttps://shop.example/1\n")
    assert result.rejected[0].line == 4


ONE, TWO = ({"id": number, "title": "Hat", "handle": "hat"} for number in (1, 2))
PAGES = {
    "one page": [{"products": [ONE, TWO]}],
    "two pages": [{"products": [ONE]}, {"products": [TWO]}],
    "an array of pages": [[{"products": [ONE]}, {"products": [TWO]}]],
    "an array of products": [[ONE, TWO]],
}


@pytest.mark.parametrize("content", PAGES.values(), ids=PAGES)
def test_shopifys_pages_are_read_however_they_were_joined(read, content):
    pages = [orjson.dumps(page) + b"\n" for page in content]
    assert list(read(b"".join(pages), **SHOP).products) == ["1", "2"]


NO_FEED = {
    "a web page": ("<!DOCTYPE html><html><body>Password</body></html>", "a web page"),
    "a page after a comment": ("<!-- x --><html></html>", "a web page"),
    "a sitemap": ('<?xml version="1.0"?><urlset></urlset>', "a sitemap"),
    "a piece of a page": ("<div>Error 500</div>", "a web page"),
    "a page's data": ('[{"@context": "https://schema.org"}]', "schema.org data of a page"),
    "a letter": (b"{\\rtf1\\ansi}", "a Rich Text document"),
    "a message": ("Service unavailable", "a text without columns"),
    "other XML": ("<catalog><item/></catalog>", "outermost element is <catalog>"),
    "a picture": (b"\x89PNG\r\n\x1a\n", "an image (PNG)"),
    "a PDF": (b"%PDF-1.7", "a PDF document"),
    "an old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Excel or Word document"),
    "a workbook": (zipped(b"x", "[Content_Types].xml", "xl/a.xml"), "a workbook"),
    "two files": (zipped(b"x", "a.txt", "b.txt"), "a zip archive of 2 files"),
    "no file": (zipped(b"x", "a/"), "a zip archive of 0 files"),
    "orders": ("Name,Email,Financial Status\n#1,a@b.example,paid\n", "a Shopify order export"),
    "Shopify's CSV": ("Handle,Title,Variant Price\nhat,Hat,5\n", "Shopify's product CSV"),
    "Magento's CSV": ("sku,store_view_code,attribute_set_code,price\n1,,a,2\n", "Magento's"),
    "WooCommerce's CSV": ("ID,Type,SKU,Name,Regular price\n1,simple,a,b,2\n", "WooCommerce's"),
    "a single product": ('{"product": {"id": 1}}', "a single Shopify product"),
    "GraphQL": ('{"data": {"products": {"edges": []}}}', "GraphQL"),
    "an error": ('{"errors": "Not Found"}', "an error message"),
    "an array of rows": ('[{"id": "1", "title": "a"}]', "one JSON array"),
    "a table": ("name,amount\na,b\n", "does not name a column id"),
    "nothing": (b"", "an empty file"),
}


@pytest.mark.parametrize(("content", "name"), NO_FEED.values(), ids=NO_FEED)
def test_what_is_no_feed_is_named_by_what_it_is(read, content, name):
    with pytest.raises(Problem) as refused:
        read(content)
    assert refused.value.code == "invalid"
    assert name in refused.value.message
    assert refused.value.message.endswith(".")
    assert "document type" not in refused.value.message


def test_a_web_page_is_named_whatever_kind_it_is_said_to_be(read):
    for kind in ("jsonl", "merchant_xml", "merchant_tsv", "shopify"):
        with pytest.raises(Problem) as refused:
            read("<html></html>", kind=kind, **SHOP)
        assert "a web page" in refused.value.message


CAUSES = {
    "a quote that opens": ('1\t"Mug\thttps://shop.example/1', "a quote opens a value and does not"),
    "text behind a quote": ('1\t"Mug" red\thttps://shop.example/1', "text stands behind a quote"),
    "no name for a column": ("1\tMug\thttps://shop.example/1\tmore", "column 4 has a value"),
}


@pytest.mark.parametrize(("row", "why"), CAUSES.values(), ids=CAUSES)
def test_a_row_that_cannot_be_read_names_its_own_cause(read, row, why):
    result = read(f"id\ttitle\tlink\n{row}\n2\tMug\thttps://shop.example/2\n")
    assert list(result.products) == ["2"]
    assert why in result.reasons[0]


@pytest.mark.parametrize("kind", ["jsonl", "merchant_tsv", "merchant_xml", "shopify"])
def test_a_very_long_description_is_cut_and_nothing_else_is_said_of_it(read, kind):
    long = "Lorem ipsum " * 12_000
    feeds = {
        "jsonl": orjson.dumps(
            {"id": "1", "title": "Mug", "url": "https://shop.example/1", "description": long}
        ),
        "merchant_tsv": f"id\ttitle\tlink\tdescription\n1\tMug\thttps://shop.example/1\t{long}\n",
        "merchant_xml": FEEDS["merchant_xml"].replace(
            "</g:title>", f"</g:title><g:description>{long}</g:description>"
        ),
        "shopify": FEEDS["shopify"].replace('"handle"', f'"body_html": "{long}", "handle"'),
    }
    result = read(feeds[kind], kind=kind, **SHOP)
    assert result.rejected == []
    assert result.warnings == ["description: cut at 50000 characters."]


def test_a_stray_carriage_return_is_white_space(read):
    result = read("id\ttitle\tlink\n1\tRed\rmug\thttps://shop.example/1\n")
    assert result.products["1"].title == "Red mug"


@pytest.mark.parametrize(
    "content",
    [
        "id\ttitle\tlink\r1\tMug\thttps://shop.example/1\r2\tMug\thttps://shop.example/2\n",
        "id\ttitle\tlink\r1\tMug\thttps://shop.example/1\n2\tMug\thttps://shop.example/2",
    ],
)
def test_line_ends_of_both_kinds_in_one_file_lose_no_row(read, content):
    assert list(read(content).products) == ["1", "2"]


def test_a_blank_line_before_the_xml_declaration_does_no_harm(read):
    declared = f'\n  <?xml version="1.0" encoding="UTF-8"?>\n{FEEDS["merchant_xml"]}'
    assert read(declared).products["1"].title == WORDS
    with pytest.raises(Problem) as refused:
        read(declared.replace("</rss>", "&"))
    assert refused.value.details["line"] == 3


@pytest.mark.parametrize("control", ["\x0b", "\x01", "\x1f"])
def test_a_control_character_in_a_text_is_white_space(read, control):
    content = FEEDS["merchant_xml"].replace(WORDS, f"Red{control}mug")
    assert read(content).products["1"].title == "Red mug"


BROKEN_XML = {
    "&nbsp;": ("<g:a>&nbsp;</g:a>", "a character that XML does not know"),
    "&": ("<g:a>a & b</g:a>", "a character stands where none may"),
    "crossed": ("<g:a><g:b></g:a></g:b>", "a tag is closed that was not opened last"),
    "cut off": ("<g:a>", "a tag is closed that was not opened last"),
}


@pytest.mark.parametrize(("broken", "why"), BROKEN_XML.values(), ids=BROKEN_XML)
def test_broken_xml_names_line_column_cause_and_the_last_good_item(read, broken, why):
    good = "<item><g:id>m1</g:id></item>\n"
    content = FEEDS["merchant_xml"].replace("<item>", f"{good}<item>{broken}")
    with pytest.raises(Problem) as refused:
        read(content)
    assert why in refused.value.message
    assert "The last good item is m1." in refused.value.message
    assert refused.value.details["line"] == 2
    assert refused.value.details["column"] > 1
