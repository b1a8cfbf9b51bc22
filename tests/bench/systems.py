"""The systems that are compared: each answers a query with product keys, best first."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import orjson
import tantivy
from tantivy import Document, Occur, Query, SchemaBuilder

from shared.auth.faces import PARTNER
from shared.catalog.products.product import Product, product_uuid
from shared.catalog.search.search import Question, search
from shared.catalog.search.shelf import Shelf
from shared.catalog.segment.analysis import TEXT
from shared.catalog.segment.index import WORDS
from shared.catalog.segment.reader import Segment
from shared.catalog.segment.writer import build
from shared.catalog.tools import searching
from shared.clock import SystemClock
from shared.indexes.words import analyzer
from shared.invoke import Request, invoke
from tests.platform import Platform

CATALOG: Final = "bench"
DEPTH: Final = 100
Answer = Callable[[str], Sequence[str]]


def usual_default(products: Sequence[Product]) -> Answer:
    """BM25 over four boosted fields, summed, any word: what a search engine does unconfigured."""
    boosts = {"title": 3.0, "brand": 2.0, "category": 1.0, "description": 1.0}
    builder = SchemaBuilder()
    for field in boosts:
        builder.add_text_field(field, tokenizer_name=TEXT, index_option="freq")
    builder.add_integer_field("number", fast=True)
    words = analyzer("en")
    index = tantivy.Index(builder.build())
    index.register_tokenizer(TEXT, words)
    with index.writer(100_000_000, 1) as writer:
        for number, product in enumerate(products):
            document = Document(title=[product.title], description=[product.description or ""])
            document.add_text("brand", product.brand.name if product.brand else "")
            document.add_text(
                "category", " ".join((*product.category_path, product.product_type or ""))
            )
            document.add_integer("number", number)
            writer.add_document(document)
    index.reload()
    searcher = index.searcher()

    def answer(query: str) -> list[str]:
        clauses = [
            (
                Occur.Should,
                Query.boost_query(Query.term_query(index.schema, field, term, "freq"), boost),
            )
            for term in dict.fromkeys(words.analyze(query))
            for field, boost in boosts.items()
        ]
        hits = searcher.search(Query.boolean_query(clauses), DEPTH, count=False).hits
        numbers = searcher.fast_field_values("number", [address for _, address in hits])
        return [products[number].key for number in numbers]

    return answer


def single_field(segment: Segment) -> Answer:
    """BM25 over our one weighted field, any word, nothing else."""
    words = analyzer(segment.manifest.language)

    def answer(query: str) -> list[str]:
        clauses = [
            (Occur.Should, Query.term_query(segment.schema, WORDS, term, "freq"))
            for term in dict.fromkeys(words.analyze(query))
        ]
        found = segment.find(Query.boolean_query(clauses), DEPTH)
        return [segment.claims(number)[0] for number in found.numbers]

    return answer


def search_products(shelf: Shelf, products: Sequence[Product]) -> Answer:
    """What the tool answers: the first page of the public search."""
    keys = {str(product_uuid(shelf.catalog, product.key)): product.key for product in products}

    def answer(query: str) -> list[str]:
        page = search([shelf], Question(query=query), limit=DEPTH, key=b"bench")
        return [keys[orjson.loads(item)["uuid"]] for item in page.items]

    return answer


def invoked(feed: Path, products: Sequence[Product], folder: Path) -> Answer:
    """What a partner's agent gets: the feed published and granted, the tool run by `invoke`."""
    platform = Platform(folder, SystemClock())
    platform.organization("partner", rate_limit=1_000_000)
    platform.catalog(CATALOG, [{"id": "0", "title": "-", "url": "https://bench.example/"}])
    platform.do("publish_catalog", confirm=True, catalog=CATALOG, source=str(feed))
    platform.grant("partner", CATALOG)
    credential = platform.app.tokens.verify(platform.token(lifetime=86_400), PARTNER)
    request = Request(credential, "mcp", "bench")
    keys = {product.url: product.key for product in products}

    def answer(query: str) -> list[str]:
        arguments = {"catalog": CATALOG, "query": query, "limit": DEPTH}
        reply = invoke(searching.family["search_products"], platform.app, request, arguments)
        return [keys[item["productUrl"]] for item in orjson.loads(reply.body)["items"]]

    return answer


@contextmanager
def log_lines_aside() -> Iterator[None]:
    """What the platform logs goes to stderr meanwhile: stdout is for the report alone."""
    sys.stdout.flush()
    stdout = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(stdout, 1)
        os.close(stdout)


def opened(products: Sequence[Product], directory: Path) -> Shelf:
    """The products as a catalog, built in this directory."""
    segment = Segment(directory, build(products, CATALOG, directory))
    return Shelf(CATALOG, "Bench", "1", segment, segment, time.time())
