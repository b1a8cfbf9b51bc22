"""What public catalogs look like in their repositories, as rows of our own JSON-lines feed.

Each function takes a file's bytes and gives its rows in order. Empty fields are left out. An
address that the source does not have is made from what it has, and `url_derived` says so.
"""

import csv
import html
import io
import json
import re
import zipfile
from collections.abc import Collection, Iterator
from hashlib import sha256
from typing import Any

Row = dict[str, Any]

_ISBN_WEIGHTS = (1, 3) * 6
_LONGEST_SLUG = 80
_MOST_EANS = 5
"""Some products of icecat list those of every package they were ever sold in."""
_MAGENTO_OWN = ("has_options", "required_options")
"""What Magento keeps among a product's attributes for itself."""
_ATTRIBUTE = re.compile(r"attr_[a-z]_")


def icecat(*archives: bytes) -> Iterator[Row]:
    """Electronics: zipped JSON lists, prices in cents, attributes as `attr_{kind}_{name}`."""
    for archive in archives:
        with zipfile.ZipFile(io.BytesIO(archive)) as files:
            for name in files.namelist():
                yield from map(_icecat_row, json.loads(files.read(name)))


def _icecat_row(given: Row) -> Row:
    attributes = {
        _ATTRIBUTE.sub("", name, count=1).strip("_"): value
        for name, value in given.items()
        if _ATTRIBUTE.match(name)
    }
    page = f"{_slug(given['supplier'])}/{_slug(given['name'])[:_LONGEST_SLUG]}-{given['id']}"
    return _filled(
        id=given["id"],
        title=given["title"],
        description=given.get("short_description"),
        brand=given["supplier"],
        price=given["price"] / 100,
        currency="USD",
        categories=[attributes["product_type"]] if "product_type" in attributes else [],
        url=f"https://icecat.biz/p/{page}.html",
        url_derived=True,
        images=[given["img_high"], given["img_500x500"]],
        gtin=given["ean"][:_MOST_EANS],
        mpn=given["name"],
        color=attributes.get("product_colour"),
        released=given["date_released"][:10],
        attributes=attributes,
    )


def judgments(file: bytes, digests: Collection[str]) -> Iterator[Row]:
    """How well a product answers one of these queries, 0 to 3: `query`, `product_id`, `rating`."""
    for row in csv.DictReader(io.StringIO(file.decode())):
        if sha256(row["query"].encode()).hexdigest() in digests:
            yield {"query": row["query"], "product_id": row["docid"], "rating": row["rating"]}


def luma(file: bytes) -> Iterator[Row]:
    """Clothing with variants: a Magento export; `configurable_variations` names a parent's."""
    rows = list(csv.DictReader(io.StringIO(file.decode())))
    parents = {
        child: row["sku"] for row in rows for child in _children(row["configurable_variations"])
    }
    return (_luma_row(row, parents.get(row["sku"])) for row in rows)


def _children(variations: str) -> list[str]:
    return re.findall(r"sku=([^,|]+)", variations)


def _luma_row(given: Row, parent: str | None) -> Row:
    more = dict(re.findall(r"(\w+)=(.*?)(?=,\w+=|$)", given["additional_attributes"]))
    categories = [path.partition("/")[2] for path in given["categories"].split(",")]
    return _filled(
        id=given["sku"],
        parent_id=parent,
        title=given["name"],
        description=_text(given["description"]),
        price=float(given["price"]) if given["price"] else None,
        currency="USD",
        categories=[path for path in categories if path],
        url=f"https://luma.example/{given['url_key']}.html",
        url_derived=True,
        images=[f"/media/catalog/product{given['base_image']}"] if given["base_image"] else [],
        color=more.pop("color", None),
        sizes=[more.pop("size")] if "size" in more else [],
        kind=given["product_type"],
        attributes={name: value for name, value in more.items() if name not in _MAGENTO_OWN},
    )


def _text(markup: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", markup)).split())


def books(file: bytes) -> Iterator[Row]:
    """Books with real product pages; ISBNs have lost their leading zeros."""
    for given in csv.DictReader(io.StringIO(file.decode())):
        isbn = given["isbn"].strip()
        yield _filled(
            id=given["book_id"],
            title=given["title"],
            brand=given["authors"],
            categories=["Books"],
            url=f"https://www.goodreads.com/book/show/{given['goodreads_book_id']}",
            images=[given["image_url"]],
            gtin=[isbn_13(isbn.zfill(10))] if isbn else [],
            attributes={
                name: given[name]
                for name in (
                    "original_publication_year",
                    "language_code",
                    "average_rating",
                    "ratings_count",
                )
                if given[name]
            },
        )


def isbn_13(isbn: str) -> str:
    """The ISBN-13 of an ISBN-10: another prefix, so another check digit."""
    digits = f"978{isbn[:9]}"
    total = sum(int(digit) * weight for digit, weight in zip(digits, _ISBN_WEIGHTS, strict=True))
    return f"{digits}{-total % 10}"


def bestbuy(file: bytes) -> Iterator[Row]:
    """Electronics with category paths; a product's number stands in its picture's address."""
    for given in json.loads(file):
        number = re.split(r"[_.]", given["image"].rpartition("/")[2])[0]
        yield _filled(
            id=number,
            title=given["name"],
            description=given["description"],
            brand=given["brand"],
            categories=given["categories"],
            price=given["price"],
            currency="USD",
            images=[given["image"]],
            url=f"https://www.bestbuy.com/site/{number}.p",
            url_derived=True,
            attributes={"popularity": given["popularity"]},
        )


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _filled(**fields: Any) -> Row:
    return {name: value for name, value in fields.items() if value not in (None, "", [], {})}
