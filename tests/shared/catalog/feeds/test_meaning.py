"""Money, addresses, words and texts mean what their standards say, in every kind of feed."""

import orjson
import pytest
from iso4217 import Currency

from shared.catalog.feeds import vocabulary
from shared.catalog.feeds.kinds import KINDS

SHOP = {"base_url": "https://shop.example", "currency": "EUR"}


def feed(kind, **given):
    """One product in any kind of feed; what is not `given` is plain."""
    given = {"title": "Mug", "link": "https://shop.example/mug", "price": "5.00", **given}
    if kind == "jsonl":
        names = {"link": "url", "image": "images"}
        row = {names.get(name, name): value for name, value in given.items()}
        row |= {"images": [row["images"]]} if "images" in row else {}
        return orjson.dumps({"id": "1", **row}) + b"\n"
    if kind == "shopify":
        product = {"id": 1, "handle": "mug", "title": given["title"]}
        variant = {"id": 2, "price": given["price"], "option1": given.get("color")}
        product["body_html"] = given.get("description")
        product["options"] = [{"name": "Color"}]
        product["images"] = [{"src": given["image"]}] if "image" in given else []
        return orjson.dumps({"products": [{**product, "variants": [variant]}]})
    names = {"image": "image_link"}
    given = {"id": "1", **{names.get(name, name): value for name, value in given.items()}}
    if kind == "merchant_tsv":
        return "\t".join(given) + "\n" + "\t".join(given.values()) + "\n"
    items = "".join(f"<g:{name}><![CDATA[{value}]]></g:{name}>" for name, value in given.items())
    space = 'xmlns:g="http://base.google.com/ns/1.0"'
    return f"<rss {space}><channel><item>{items}</item></channel></rss>"


each_kind = pytest.mark.parametrize("kind", KINDS)


@each_kind
@pytest.mark.parametrize(
    ("price", "why"),
    [
        ("1.234 EUR", "more decimals than EUR, which has 2"),
        ("19.999", "more decimals than EUR"),
        ("12.50 JPY", "more decimals than JPY, which has 0"),
        ("12.99 ABC", "no code of ISO 4217"),
        ("12.99 XXX", "no code of ISO 4217"),
        ("1.234,56", "not a price"),
        ("12,99", "not a price"),
        ("-5.00", "not a price"),
        ("Call for price", "not a price"),
        ("\N{ARABIC-INDIC DIGIT FIVE} EUR", "not a price"),
    ],
)
def test_what_is_no_price_is_refused(read, kind, price, why):
    result = read(feed(kind, price=price), kind=kind, **SHOP)
    assert result.accepted == []
    assert why in result.reasons[0]


@each_kind
@pytest.mark.parametrize(
    ("price", "amount"),
    [("500 JPY", "500"), ("500.00 JPY", "500"), ("1.234 KWD", "1.234"), ("12.9900 eur", "12.99")],
)
def test_a_price_has_the_decimals_of_its_currency(read, kind, price, amount):
    (product,) = read(feed(kind, price=price), kind=kind, **SHOP).products.values()
    assert product.price.amount == amount


@each_kind
@pytest.mark.parametrize("price", ["0", "0.00", "0.00 EUR"])
def test_zero_is_no_price_and_said(read, kind, price):
    result = read(feed(kind, price=price), kind=kind, **SHOP)
    (product,) = result.products.values()
    assert product.price is None
    assert "left out, being zero" in result.warnings[0]


@each_kind
def test_a_missing_currency_names_the_option(read, kind):
    result = read(feed(kind), kind=kind, base_url="https://shop.example")
    assert "--currency" in result.reasons[0]


def test_every_currency_of_the_standard_is_taken(read):
    codes = [each.code for each in Currency if each.exponent is not None]
    rows = "".join(f"{code}\tMug\thttps://shop.example/{code}\t5 {code}\n" for code in codes)
    result = read(f"id\ttitle\tlink\tprice\n{rows}")
    assert {product.price.currency for product in result.products.values()} == set(codes)


NO_ADDRESS = [
    *("#", "null", "undefined", "N/A", "none", "-", "NaN", "0", "#N/A", "#top"),
    *("{{product.url}}", "{% url %}", "${url}", "https://shop.example/{{ handle }}"),
    *("links.example/x", "page.html", "?id=3", "/", "javascript:alert(1)", "mailto:a@b.example"),
    *("https://shop.example/null", "https://shop.example/p/undefined"),
    *("https://shop.example/None", "https://shop.example/(null)"),
    *("{link}", "https://shop.example/{id}", "https://shop.example/p?u={lpurl}"),
    "https://shop.example/[object Object]",
    "https://shop.example/a,https://shop.example/b",
]


@pytest.mark.parametrize("kind", ["jsonl", "merchant_tsv", "merchant_xml"])
@pytest.mark.parametrize("link", NO_ADDRESS)
def test_a_link_that_is_none_refuses_the_row(read, kind, link):
    result = read(feed(kind, link=link), kind=kind, **SHOP)
    assert result.accepted == []
    assert result.rejected[0].notes[0].field in ("link", "url")


@pytest.mark.parametrize("kind", ["jsonl", "merchant_tsv", "merchant_xml"])
@pytest.mark.parametrize(
    ("link", "url"),
    [
        ("www.links.example/x", "https://www.links.example/x"),
        ("/p/1", "https://shop.example/p/1"),
        ("//cdn.example/p", "https://cdn.example/p"),
        ("HTTP://shop.example/x", "http://shop.example/x"),
        ("https://shop.example/a?b=1,2", "https://shop.example/a?b=1,2"),
    ],
)
def test_a_link_is_absolute_or_a_path_of_the_shop(read, kind, link, url):
    (product,) = read(feed(kind, link=link), kind=kind, **SHOP).products.values()
    assert product.url == url


@each_kind
@pytest.mark.parametrize(
    "image", ["no_selection", "#", "null", "N/A", "{{image}}", "mug.jpg", "data:image/png;base64,A"]
)
def test_a_picture_that_is_none_is_left_out_and_said(read, kind, image):
    result = read(feed(kind, image=image), kind=kind, **SHOP)
    (product,) = result.products.values()
    assert product.images == ()
    assert "left out" in result.warnings[0]


@each_kind
@pytest.mark.parametrize("between", [",", ";", "|", " ", "  ", ", "])
def test_pictures_joined_in_one_value_are_several(read, kind, between):
    joined = (
        f"https://img.example/a.jpg{between}https://img.example/b.jpg?w=1,2 , //img.example/c.jpg"
    )
    (product,) = read(feed(kind, image=joined), kind=kind, **SHOP).products.values()
    assert [image.url for image in product.images] == [
        "https://img.example/a.jpg",
        "https://img.example/b.jpg?w=1,2",
        "https://img.example/c.jpg",
    ]


TEXTS = {
    "Caf&eacute; &amp; bar &#8211; 20&nbsp;cm": "Café & bar \N{EN DASH} 20 cm",
    "<p>Caf&eacute;</p><script>x()</script>": "Café",
    "Bolt <M8> < 5 mm": "Bolt <M8> < 5 mm",
    "AT&T & co": "AT&T & co",
    "<b>Bold</b> &lt; <i>it</i>": "Bold < it",
    "&lt;em&gt;Twice&lt;/em&gt;": "Twice",
}


@each_kind
@pytest.mark.parametrize(("given", "text"), TEXTS.items())
def test_a_description_is_read_as_the_text_it_means(read, kind, given, text):
    from shared.catalog.products.views import plain_description

    (product,) = read(feed(kind, description=given), kind=kind, **SHOP).products.values()
    shown = plain_description(product)
    assert shown == text or (kind == "shopify" and shown)  # Shopify's own is HTML always


@each_kind
@pytest.mark.parametrize(
    ("given", "title"),
    [("Salt &amp; Caf&eacute; mill", "Salt & Café mill"), ("A <em>lamp</em>", "A lamp")],
)
def test_a_title_is_read_as_the_text_it_means(read, kind, given, title):
    (product,) = read(feed(kind, title=given), kind=kind, **SHOP).products.values()
    assert product.title == title


ATOM = '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0">'
XHTML = '<div xmlns="http://www.w3.org/1999/xhtml">%s</div>'


@pytest.mark.parametrize(
    ("title", "content"),
    [
        (
            f'<title type="xhtml">{XHTML % "Reading <em>lamp</em>"}</title>',
            f'<content type="xhtml">{XHTML % "<p>One.</p><p>Two &amp; 3.</p>"}</content>',
        ),
        (
            '<title type="html">Reading &lt;em&gt;lamp&lt;/em&gt;</title>',
            "<content type='html'>&lt;p&gt;One.&lt;p&gt;Two &amp;amp; 3.</content>",
        ),
        (
            "<title>Reading <em>lamp</em></title>",
            "<summary><p>One.</p><p>Two &amp; 3.</p></summary>",
        ),
    ],
    ids=["xhtml", "html", "inline"],
)
def test_atoms_kinds_of_text_are_read_as_the_text_they_mean(read, title, content):
    from shared.catalog.products.views import plain_description

    entry = f'<entry><g:id>1</g:id>{title}{content}<link href="https://shop.example/1"/></entry>'
    product = read(f"{ATOM}{entry}</feed>").products["1"]
    assert product.title == "Reading lamp"
    assert plain_description(product).split() == ["One.", "Two", "&", "3."]


def test_a_value_in_parts_where_a_text_is_wanted_is_not_lost(read):
    item = "<g:id>1</g:id><g:title>Mug</g:title><g:brand><g:name>Kiln</g:name></g:brand>"
    page = f"{ATOM}<entry>{item}<link href='https://shop.example/1'/></entry></feed>"
    assert "Kiln" in read(page).products["1"].brand.name


@pytest.mark.parametrize("kind", ["jsonl", "merchant_tsv", "merchant_xml"])
@pytest.mark.parametrize(("word", "meaning", "source"), vocabulary.AVAILABILITY, ids=str)
def test_availability_is_understood_in_the_words_of_the_field(read, kind, word, meaning, source):
    for spelt in (word, word.replace("_", " ").title(), f"https://schema.org/{word}"):
        product = read(feed(kind, availability=spelt), kind=kind, **SHOP).products["1"]
        assert product.availability is meaning


@pytest.mark.parametrize("word", ["auf lager", "1", "yes", "sometimes"])
def test_an_availability_nobody_knows_refuses_the_row(read, word):
    result = read(feed("merchant_xml", availability=word), **SHOP)
    assert "availability: not one of in_stock" in result.reasons[0]


@pytest.mark.parametrize("kind", ["jsonl", "merchant_tsv", "merchant_xml"])
@pytest.mark.parametrize(("word", "meaning", "source"), vocabulary.CONDITIONS, ids=str)
def test_condition_is_understood_in_the_words_of_the_field(read, kind, word, meaning, source):
    for spelt in (word, word.replace("_", "-").upper(), f"http://schema.org/{word}"):
        product = read(feed(kind, condition=spelt), kind=kind, **SHOP).products["1"]
        assert product.condition == meaning


@each_kind
def test_colours_separated_by_slashes_are_several(read, kind):
    (product,) = read(feed(kind, color="Red/Blue / Green"), kind=kind, **SHOP).products.values()
    assert [color.label for color in product.colors] == ["Red", "Blue", "Green"]


@pytest.mark.parametrize("word", ["N/A", "null", "undefined", "#N/A", "NaN"])
def test_a_word_for_nothing_is_no_brand_number_colour_or_size(read, word):
    result = read(
        "id\ttitle\tlink\tbrand\tmpn\tcolor\tsize\tfurther\n",
        f"1\tMug\thttps://shop.example/1\t{word}\t{word}\t{word}\t{word}\t{word}\n",
    )
    (product,) = result.products.values()
    assert (product.brand, product.mpn, product.colors, product.sizes) == (None, None, (), ())
    assert product.attributes == {}
    said = "left out, being a word for nothing. Leave it empty."
    named = ["brand", "mpn", "color", "size", "attributes.further"]
    assert sorted(result.warnings) == sorted(f"{name}: {said}" for name in named)


def test_a_parent_whose_options_are_words_for_nothing_is_the_parent(read):
    result = read(
        "id\titem_group_id\ttitle\tlink\tprice\tcolor\tsize\n",
        "P\tP\tParka\thttps://shop.example/P\t\tN/A\tn/a\n",
        "a\tP\tParka, red\thttps://shop.example/a\t80 EUR\tRed\tM\n",
    )
    parka = result.products["P"]
    assert (parka.title, [variant.id for variant in parka.variants]) == ("Parka", ["a"])


@pytest.mark.parametrize(
    ("word", "meaning"),
    [("In_Store_Only", "in_stock"), ("schema:PreOrder", "preorder"), ("Low stock", "in_stock")],
)
def test_a_word_is_understood_however_its_parts_are_joined(read, word, meaning):
    result = read(f"id\ttitle\tlink\tavailability\n1\tMug\thttps://shop.example/1\t{word}\n")
    assert result.products["1"].availability == meaning


def test_a_size_system_is_a_known_one(read):
    product = read(feed("merchant_xml", size_system="eu"), **SHOP).products["1"]
    assert product.attributes["size_system"] == ("EU",)
    result = read(feed("merchant_xml", size_system="mars"), **SHOP)
    assert result.warnings[0].startswith("size_system: one left out. Not one of AU, BR")


STOCK = [
    ({"available": True, "inventory_quantity": 0}, "in_stock"),
    ({"available": False, "inventory_policy": "continue"}, "out_of_stock"),
    (
        {"inventory_management": "shopify", "inventory_policy": "deny", "inventory_quantity": 0},
        "out_of_stock",
    ),
    (
        {
            "inventory_management": "shopify",
            "inventory_policy": "continue",
            "inventory_quantity": -3,
        },
        "in_stock",
    ),
    (
        {"inventory_management": None, "inventory_policy": "deny", "inventory_quantity": 0},
        "in_stock",
    ),
    (
        {"inventory_management": "shopify", "inventory_policy": "deny", "inventory_quantity": 7},
        "in_stock",
    ),
    ({"inventory_quantity": 7}, "in_stock"),
    (
        {
            "inventory_management": "SHOPIFY",
            "inventory_policy": "CONTINUE",
            "inventory_quantity": 0,
        },
        "in_stock",
    ),
    ({}, "unknown"),
]


@pytest.mark.parametrize(("inventory", "availability"), STOCK, ids=str)
def test_whether_a_shopify_variant_can_be_had_is_worked_out_from_its_inventory(
    read, inventory, availability
):
    variant = {"id": 2, "price": "5.00", **inventory}
    page = {"products": [{"id": 1, "handle": "mug", "title": "Mug", "variants": [variant]}]}
    product = read(orjson.dumps(page), **SHOP).products["1"]
    assert product.variants[0].availability == product.availability == availability


@pytest.mark.parametrize("kind", ["jsonl", "merchant_tsv"])
def test_a_row_with_its_groups_id_and_no_options_is_the_parent(read, kind):
    rows = [
        {"id": "P", "group": "P", "title": "Parka", "price": "0.00 EUR", "color": ""},
        {"id": "a", "group": "P", "title": "Parka, red", "price": "80.00 EUR", "color": "Red"},
        {"id": "b", "group": "P", "title": "Parka, blue", "price": "85.00 EUR", "color": "Blue"},
    ]
    for row in rows:
        row["link" if kind == "merchant_tsv" else "url"] = f"https://shop.example/{row['id']}"
        row["item_group_id" if kind == "merchant_tsv" else "parent_id"] = row.pop("group")
    if kind == "merchant_tsv":
        lines = ["\t".join(rows[0]), *("\t".join(row.values()) for row in rows)]
        result = read("\n".join(lines))
    else:
        result = read(*rows)
    parka = result.products["P"]
    assert (parka.title, parka.price.amount, parka.url) == ("Parka", "80", "https://shop.example/P")
    assert [variant.id for variant in parka.variants] == ["a", "b"]
