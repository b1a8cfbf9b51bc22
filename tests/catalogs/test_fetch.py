"""`make data` without a network: small pieces, written as each repository writes its own."""

import csv
import gzip
import io
import json
import re
import zipfile

import pytest

from shared.catalog.feeds.read import read_feed
from shared.catalog.feeds.rows import Accepted
from tests.catalogs.convert import isbn_13
from tests.catalogs.fetch import SOURCES, fill

TONER = {
    "id": "7",
    "name": "T 100/X",
    "title": "Acme T 100/X toner",
    "ean": [f"000000000000{at}" for at in range(7)],
    "img_high": "http://images.example/7_high.jpg",
    "img_low": "http://images.example/7_low.jpg",
    "img_500x500": "http://images.example/7_medium.jpg",
    "img_thumb": "http://images.example/7_thumb.jpg",
    "date_released": "2009-12-10T00:00:00Z",
    "supplier": "Acme & Sons",
    "price": 4995,
    "attr_t_product_type": "Toner",
    "attr_t_product_colour": "Black",
    "attr_b_refill": False,
    "attr_n_weight__net_": 1.5,
}
JUDGED = "query,docid,rating\nlaptop,7,2\nnobody asks this,7,3\nbooks,8,0\n"
MAGENTO = [
    {
        "sku": "A-S-Red",
        "product_type": "simple",
        "categories": "Default Category/Men/Tops,Default Category",
        "name": "Tee-S-Red",
        "description": "<p>Soft.</p>\n<p>&bull; Washable.<br /></p>",
        "price": "29",
        "url_key": "tee-s-red",
        "base_image": "/a/red.jpg",
        "additional_attributes": "has_options=0,required_options=0,size=S,color=Red",
        "configurable_variations": "",
    },
    {
        "sku": "A",
        "product_type": "configurable",
        "categories": "Default Category/Men/Tops",
        "name": "Tee",
        "description": "<p>Soft.</p>",
        "price": "29",
        "url_key": "",
        "base_image": "",
        "additional_attributes": "material=Wool|Cotton,climate=Cold, windy,sale=Yes",
        "configurable_variations": "sku=A-S-Red,size=S,color=Red",
    },
]
BOOK = {
    "book_id": "1",
    "goodreads_book_id": "99",
    "isbn": "439023483 ",
    "authors": "Ada, Bo",
    "original_publication_year": "2008.0",
    "title": "A, B",
    "language_code": "",
    "average_rating": "4.34",
    "ratings_count": "12",
    "image_url": "https://images.example/1.jpg",
}
DEVICE = {
    "name": "Phone",
    "description": "Rings.",
    "brand": "Acme",
    "categories": ["Phones", "Prepaid"],
    "price": 49.99,
    "image": "https://images.example/shop/4984700_sb.jpg",
    "popularity": 21449,
}


def zipped(rows):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("1.json", json.dumps(rows))
    return packed.getvalue()


def table(rows):
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


PIECES = {
    ".zip": zipped([TONER]),
    "rated.csv": JUDGED.encode(),
    "products.csv": table(MAGENTO),
    "books.csv": table([BOOK]),
    ".json": json.dumps([DEVICE]).encode(),
}


def piece(address):
    assert address.startswith("https://raw.githubusercontent.com/")
    return next(body for ending, body in PIECES.items() if address.endswith(ending))


@pytest.fixture
def folder(tmp_path):
    fill(tmp_path / "data", piece)
    return tmp_path / "data"


def rows_of(folder, name):
    with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def test_an_empty_folder_gets_every_file_and_a_second_time_none(tmp_path):
    first = fill(tmp_path, piece)
    assert first == {
        "icecat_19k.jsonl.gz": 4,
        "icecat_judgments.csv": 2,
        "luma_variants_2k.jsonl.gz": 2,
        "books_10k.jsonl.gz": 1,
        "bestbuy_3k.jsonl.gz": 1,
    }
    assert {path.name for path in tmp_path.iterdir()} == set(first)
    assert set(fill(tmp_path, piece).values()) == {None}


def test_a_download_that_fails_leaves_no_file_behind(tmp_path):
    def cut_off(address):
        if address.endswith("3.json.zip"):
            raise OSError(address)
        return piece(address)

    with pytest.raises(OSError, match=re.escape("3.json.zip")):
        fill(tmp_path, cut_off)
    assert list(tmp_path.iterdir()) == []


def test_an_icecat_product_has_its_price_in_dollars_and_its_attributes_by_name(folder):
    assert rows_of(folder, "icecat_19k")[0] == {
        "id": "7",
        "title": "Acme T 100/X toner",
        "brand": "Acme & Sons",
        "price": 49.95,
        "currency": "USD",
        "categories": ["Toner"],
        "url": "https://icecat.biz/p/acme-sons/t-100-x-7.html",
        "url_derived": True,
        "images": ["http://images.example/7_high.jpg", "http://images.example/7_medium.jpg"],
        "gtin": TONER["ean"][:5],
        "mpn": "T 100/X",
        "color": "Black",
        "released": "2009-12-10",
        "attributes": {
            "product_type": "Toner",
            "product_colour": "Black",
            "refill": False,
            "weight__net": 1.5,
        },
    }


def test_judgments_of_other_queries_are_left_out(folder):
    lines = (folder / "icecat_judgments.csv").read_text().splitlines()
    assert lines == ["query,product_id,rating", "laptop,7,2", "books,8,0"]


def test_a_variant_of_clothing_names_its_parent_and_a_parent_keeps_its_attributes(folder):
    child, parent = rows_of(folder, "luma_variants_2k")
    assert child == {
        "id": "A-S-Red",
        "parent_id": "A",
        "title": "Tee-S-Red",
        "description": "Soft. • Washable.",
        "price": 29.0,
        "currency": "USD",
        "categories": ["Men/Tops"],
        "url": "https://luma.example/tee-s-red.html",
        "url_derived": True,
        "images": ["/media/catalog/product/a/red.jpg"],
        "color": "Red",
        "sizes": ["S"],
        "kind": "simple",
    }
    assert "parent_id" not in parent
    assert parent["url"] == "https://luma.example/.html"
    assert parent["attributes"] == {
        "material": "Wool|Cotton",
        "climate": "Cold, windy",
        "sale": "Yes",
    }


def test_a_book_has_its_isbn_13_and_its_own_page(folder):
    (book,) = rows_of(folder, "books_10k")
    assert book["gtin"] == ["9780439023481"]
    assert book["url"] == "https://www.goodreads.com/book/show/99"
    assert book["attributes"] == {
        "original_publication_year": "2008.0",
        "average_rating": "4.34",
        "ratings_count": "12",
    }


@pytest.mark.parametrize(
    ("isbn", "expected"), [("0306406152", "9780306406157"), ("080442957X", "9780804429573")]
)
def test_an_isbn_gets_another_check_digit(isbn, expected):
    assert isbn_13(isbn) == expected


def test_a_device_is_numbered_as_its_picture_is(folder):
    (device,) = rows_of(folder, "bestbuy_3k")
    assert device["id"] == "4984700"
    assert device["url"] == "https://www.bestbuy.com/site/4984700.p"
    assert device["attributes"] == {"popularity": 21449}


def test_what_is_written_can_be_published(folder):
    for source in SOURCES:
        if source.file.endswith(".jsonl.gz"):
            read = list(read_feed(folder / source.file, base_url="https://shop.example"))
            assert any(isinstance(row, Accepted) for row in read), source.file


def test_every_source_stands_at_one_commit():
    for source in SOURCES:
        assert len(source.commit) == 40
        assert set(source.commit) <= set("0123456789abcdef")
