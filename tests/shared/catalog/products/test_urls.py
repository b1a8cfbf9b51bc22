import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.catalog.products.urls import (
    LOOSE,
    MAX_URL,
    NORMALIZED_EXACT,
    STRUCTURAL_ALIAS,
    Claim,
    index_forms,
    lookup_forms,
    normalize_url,
    require_safe_url,
    web_url,
    winner,
)
from shared.errors import Problem

SAME = {
    "https is forced": ("http://shop.example/p", "https://shop.example/p"),
    "the host is lower case": ("https://SHOP.Example/p", "https://shop.example/p"),
    "www is dropped": ("https://www.shop.example/p", "https://shop.example/p"),
    "www twice is dropped": ("https://www.www.shop.example/p", "https://shop.example/p"),
    "www stays when it is the name": ("https://www.example/p", "https://www.example/p"),
    "the default port of https": ("https://shop.example:443/p", "https://shop.example/p"),
    "the default port of http": ("http://shop.example:80/p", "https://shop.example/p"),
    "an empty port": ("https://shop.example:/p", "https://shop.example/p"),
    "another port stays": ("https://shop.example:08443/p", "https://shop.example:8443/p"),
    "the root dot of a host": ("https://shop.example./p", "https://shop.example/p"),
    "international host names": ("https://BÜCHER.example/p", "https://xn--bcher-kva.example/p"),
    "full-width host names": (
        "https://\uff53\uff48\uff4f\uff50\u3002example/p",
        "https://shop.example/p",
    ),
    "the fragment": ("https://shop.example/p#reviews?x", "https://shop.example/p"),
    "the trailing slash": ("https://shop.example/p/", "https://shop.example/p"),
    "the root": ("https://shop.example/", "https://shop.example"),
    "doubled slashes": ("https://shop.example//a///p", "https://shop.example/a/p"),
    "dot segments": ("https://shop.example/a/./b/../p", "https://shop.example/a/p"),
    "encoded dot segments": ("https://shop.example/a/%2e%2E/p", "https://shop.example/p"),
    "unreserved escapes": ("https://shop.example/%70%7E", "https://shop.example/p~"),
    "reserved escapes stay": ("https://shop.example/a%2fb", "https://shop.example/a%2Fb"),
    "text that is not ASCII": (
        "https://shop.example/größe",
        "https://shop.example/gr%C3%B6%C3%9Fe",
    ),
    "a stray percent sign": ("https://shop.example/100%", "https://shop.example/100%25"),
    "white space around": ("  https://shop.example/p\n", "https://shop.example/p"),
    "an empty query": ("https://shop.example/p?&", "https://shop.example/p"),
    "tracking parameters": (
        "https://shop.example/p?utm_source=a&gclid=b&fbclid=c&srsltid=d&_pos=1&UTM_Term=e&MC_CID=f",
        "https://shop.example/p",
    ),
    "an escaped tracking name": ("https://shop.example/p?%75tm_source=a", "https://shop.example/p"),
    "the rest of the query sorted": (
        "https://shop.example/p?size=m&color=red&gclid=1&color=red",
        "https://shop.example/p?color=red&size=m",
    ),
    "plus and escaped space": (
        "https://shop.example/p?q=a+b&r=a%20b",
        "https://shop.example/p?q=a%20b&r=a%20b",
    ),
    "ref is no tracking parameter": (
        "https://shop.example/p?ref=1",
        "https://shop.example/p?ref=1",
    ),
    "a Shopify collection": (
        "https://shop.example/collections/sale/products/hat?variant=1",
        "https://shop.example/products/hat?variant=1",
    ),
    "a Shopify collection in a locale": (
        "https://shop.example/en-US/collections/sale/products/hat",
        "https://shop.example/en-US/products/hat",
    ),
}


@pytest.mark.parametrize(("given_url", "form"), SAME.values(), ids=SAME)
def test_normal_form_follows_the_contract(given_url, form):
    assert normalize_url(given_url).exact == form


def test_normal_form_names_host_and_page():
    url = normalize_url("https://www.shop.example:8443/p?variant=1&id=2&dwvar_77_color=red")
    assert url.host == "shop.example"
    assert url.page == "https://shop.example:8443/p?id=2"


JUNK = [
    "",
    "shop.example/p",
    "//shop.example/p",
    "https://",
    "https:///p",
    "https:/shop.example/p",
    "https://shop example/p",
    "https://shop.example:http/p",
    "https://shop.example:99999/p",
    "https://shop.example\\@evil.example/p",
    "https://shop.example/a\x00b",
    "https://shop%2eexample/p",
    "https://-/p",
    "https://a..example/p",
    "https://xn--\u00fc.example/p",
    "https://shop.example/\ud800",
    "https://shop.example/" + "a" * MAX_URL,
    "https://shop.example/" + "ü" * (MAX_URL // 3),
    "https://shop.example/?q=" + "+" * (MAX_URL // 3),
]
UNSAFE = [
    "https://user@shop.example/p",
    "https://user:secret@shop.example/p",
    "ftp://shop.example/p",
    "javascript:alert(1)",
    "file:///etc/passwd",
    "https://localhost/p",
    "https://shop/p",
    "https://shop.local/p",
    "https://metadata.google.internal/p",
    "https://127.0.0.1/p",
    "https://10.1.2.3/p",
    "https://169.254.169.254/latest",
    "https://[::1]/p",
    "https://[::ffff:127.0.0.1]/p",
    "https://[fe80::1]/p",
    "https://2130706433/p",
    "https://0x7f.1/p",
    "https://127.1/p",
    "https://\uff11\uff12\uff17.0.0.1/p",
    "https://127.0.0.1./p",
    "https://224.0.0.1/p",
]


@pytest.mark.parametrize(
    ("address", "public"),
    [("::ffff:8.8.8.8", True), ("::ffff:10.0.0.1", False), ("::ffff:224.0.0.1", False)],
)
def test_an_ipv4_address_written_as_ipv6_is_as_public_as_it_is(address, public):
    url = f"https://[{address}]/p"
    if public:
        require_safe_url(url)
    else:
        with pytest.raises(Problem) as refused:
            require_safe_url(url)
        assert refused.value.code == "unsafe_url"


@pytest.mark.parametrize("url", JUNK)
def test_junk_is_an_invalid_product_url_on_every_face(url):
    for ask in (normalize_url, lookup_forms, index_forms, require_safe_url):
        with pytest.raises(Problem) as refused:
            ask(url)
        assert refused.value.code == "invalid_product_url"


@pytest.mark.parametrize("url", UNSAFE)
def test_an_unsafe_url_is_unsafe_where_that_is_asked_and_invalid_elsewhere(url):
    with pytest.raises(Problem) as refused:
        require_safe_url(url)
    assert refused.value.code == "unsafe_url"
    with pytest.raises(Problem) as refused:
        normalize_url(url)
    assert refused.value.code == "invalid_product_url"


@pytest.mark.parametrize("url", ["https://8.8.8.8/p", "https://[2606:4700:4700::1111]/p"])
def test_a_public_address_is_taken(url):
    assert normalize_url(url).exact == url


def find(indexed: dict[str, str], asked: str) -> tuple[str | None, str | None]:
    """Look a URL up among products (key -> URL), as a segment does."""
    claims: dict[str, list[tuple[Claim, str]]] = {}
    for key, url in indexed.items():
        for form, claim in index_forms(url):
            claims.setdefault(form, []).append((claim, key))
    for form, via in lookup_forms(asked):
        key, _ = winner(claims.get(form, ()))
        if key is not None:
            return key, via
    return None, None


SHIRT = {"shirt": "https://shop.example/products/shirt"}
FOUND = {
    "the URL itself": (SHIRT, "http://www.shop.example/products/shirt/", NORMALIZED_EXACT),
    "a variant of the page": (SHIRT, "https://shop.example/products/shirt?variant=9", LOOSE),
    "unknown parameters": (SHIRT, "https://shop.example/products/shirt?ref=x&y=2", LOOSE),
    "tracking": (SHIRT, "https://shop.example/products/shirt?utm_id=1", NORMALIZED_EXACT),
    "a collection": (SHIRT, "https://shop.example/collections/a/products/shirt", STRUCTURAL_ALIAS),
    "a locale": (SHIRT, "https://shop.example/de-at/products/shirt", STRUCTURAL_ALIAS),
    "letter case of the path": (SHIRT, "https://shop.example/Products/SHIRT", LOOSE),
    "many unknown parameters": (
        SHIRT,
        "https://shop.example/products/shirt?a=1&b=2&c=3&d=4&e=5&f=6",
        LOOSE,
    ),
    "lower case of an indexed path": (
        {"p": "https://shop.example/Item-A%C3%9C"},
        "https://shop.example/item-a%C3%9c",
        LOOSE,
    ),
    "an indexed locale from the plain page": (
        {"p": "https://shop.example/en-us/products/shirt"},
        "https://shop.example/products/shirt",
        NORMALIZED_EXACT,
    ),
    "the page of an indexed variant": (
        {"p": "https://shop.example/shirt?color=red"},
        "https://shop.example/shirt",
        NORMALIZED_EXACT,
    ),
    "an indexed unknown parameter left out": (
        {"p": "https://shop.example/shirt?currency=USD&variant=1"},
        "https://shop.example/shirt?variant=1&country=DE",
        LOOSE,
    ),
    "a product named by a parameter": (
        {"p": "https://shop.example/item?id=1"},
        "https://shop.example/item?session=5&id=1",
        LOOSE,
    ),
    "a product named by an unlisted parameter": (
        {"p": "https://shop.example/x?wid=1", "q": "https://shop.example/x?wid=2"},
        "https://shop.example/x?a=1&b=2&c=3&d=4&wid=2",
        LOOSE,
    ),
}


@pytest.mark.parametrize(("indexed", "asked", "via"), FOUND.values(), ids=FOUND)
def test_a_lookup_finds_the_product_by(indexed, asked, via):
    key, how = find(indexed, asked)
    assert (key, how) == (max(indexed), via) if len(indexed) > 1 else (min(indexed), via)


NOT_FOUND = {
    "another id": ({"p": "https://shop.example/item?id=1"}, "https://shop.example/item?id=2"),
    "the bare page of an id": (
        {"p": "https://shop.example/item?id=1"},
        "https://shop.example/item",
    ),
    "another path": (SHIRT, "https://shop.example/products/shirt-2"),
    "another host": (SHIRT, "https://shop2.example/products/shirt"),
    "another port": (SHIRT, "https://shop.example:8443/products/shirt"),
    "a page that unlisted parameters share": (
        {"p": "https://shop.example/x?wid=1", "q": "https://shop.example/x?wid=2"},
        "https://shop.example/x?wid=3",
    ),
    "a path that two differ from by case": (
        {"p": "https://shop.example/Ab", "q": "https://shop.example/aB"},
        "https://shop.example/ab",
    ),
}


@pytest.mark.parametrize(("indexed", "asked"), NOT_FOUND.values(), ids=NOT_FOUND)
def test_a_lookup_does_not_take_a_product_for(indexed, asked):
    assert find(indexed, asked) == (None, None)


def test_a_variant_url_is_tried_before_its_page():
    indexed = {
        "page": "https://shop.example/products/shirt",
        "red": "https://shop.example/products/shirt?variant=1",
    }
    assert find(indexed, "https://shop.example/products/shirt?variant=1&x=1") == ("red", LOOSE)
    assert find(indexed, "https://shop.example/products/shirt?variant=2") == ("page", LOOSE)


def test_a_url_that_two_products_own_goes_to_the_lower_key_and_is_reported():
    claims = [(Claim.OWN, "b"), (Claim.OWN, "a"), (Claim.PAGE, "0")]
    assert winner(claims) == ("a", True)


def test_one_product_may_claim_a_form_twice():
    assert winner([(Claim.PAGE, "a"), (Claim.PAGE, "a")]) == ("a", False)
    assert winner([(Claim.LOOSE, "a"), (Claim.OWN, "b"), (Claim.OWN, "b")]) == ("b", False)


def test_nobody_claims_nothing():
    assert winner([]) == (None, False)


def test_strict_forms_are_few_and_loose_ones_bounded():
    asked = "https://shop.example/P?" + "&".join(f"p{n}={n}" for n in range(50))
    forms = lookup_forms(asked)
    assert [form.via for form in forms].count(NORMALIZED_EXACT) == 1
    assert len(forms) <= 2 * (50 + 3)


@pytest.mark.parametrize(
    ("raw", "base", "url"),
    [
        ("/media/a b.jpg", "https://shop.example/x/p.html", "https://shop.example/media/a%20b.jpg"),
        ("b.jpg?v=2#f", "https://www.shop.example/x/p", "https://www.shop.example/x/b.jpg?v=2#f"),
        ("//cdn.example/c.jpg", "https://shop.example/p", "https://cdn.example/c.jpg"),
        ("http://Shop.example:80/d.jpg?utm_id=1", None, "http://shop.example:80/d.jpg?utm_id=1"),
        ('https://shop.example/"><b>', None, "https://shop.example/%22%3E%3Cb%3E"),
    ],
)
def test_a_web_url_is_absolute_and_otherwise_as_given(raw, base, url):
    assert web_url(raw, base) == url


@pytest.mark.parametrize(
    "raw", ["/a.jpg", "data:image/png;base64,xx", "https://[::1]/a", "https://["]
)
def test_a_web_url_that_leads_nowhere_public_is_refused(raw):
    with pytest.raises(Problem):
        web_url(raw)


urls = st.builds(
    lambda scheme, host, port, path, query: f"{scheme}://{host}{port}/{path}{query}",
    st.sampled_from(["http", "https", "HTTPS"]),
    st.sampled_from(["shop.example", "WWW.Shop.example", "bücher.example", "www.www.a.example"]),
    st.sampled_from(["", ":80", ":443", ":8080"]),
    st.text(max_size=40),
    st.one_of(st.just(""), st.text(max_size=40).map(lambda text: f"?{text}")),
)


@given(st.one_of(urls, st.text()))
@example("http://shop.example:443/%2f/..//%C3")
def test_normalizing_is_idempotent_and_raises_nothing_but_a_problem(raw):
    try:
        url = normalize_url(raw)
    except Problem:
        return
    assert normalize_url(url.exact) == url
    assert normalize_url(url.page).exact == url.page
    assert url.exact.isascii()


@given(urls)
def test_every_product_is_found_by_its_own_url_and_all_its_normal_forms(raw):
    try:
        forms = index_forms(raw)
    except Problem:
        return
    assert find({"it": raw}, raw)[0] == "it"
    assert find({"it": raw}, forms[0].form)[0] == "it"
    assert forms[0].claim is Claim.OWN
    assert len({form.form for form in forms}) == len(forms)


@given(st.text(), st.none() | urls)
@example("https://shop.example/?q=" + "+" * (MAX_URL // 3), None)
def test_a_web_url_raises_nothing_but_a_problem_is_its_own_and_has_a_normal_form(raw, base):
    try:
        url = web_url(raw, base)
    except Problem:
        return
    assert web_url(url) == url
    assert normalize_url(url)
