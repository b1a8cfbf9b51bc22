"""Hostile inputs as tables: the tests of each endpoint try them, and so does `make red-team`."""

REDIRECTS = [
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "data:text/html,x",
    "file:///etc/passwd",
    "vbscript:x",
    "intent://scan/#Intent;end",
    "ms-settings:privacy",
    "unknown://callback",
    "cursor-evil://callback",
    ".app://callback",
    "http://evil.example/callback",
    "http://localhost.evil.example/callback",
    "http://127.0.0.1@evil.example/callback",
    "http://user:pw@127.0.0.1/callback",
    "https://user@app.example/callback",
    "https://app.example/callback#fragment",
    "https://app.example/callback#",
    "https:///callback",
    "/callback",
    "https://app.example/a b",
    "https://app.example\\@evil.example/",
    "http://127.0.0.1:99999/callback",
    "",
]
"""Addresses that no client may send a browser to."""

AUTHORIZATIONS = [
    ({"response_type": "token"}, "unsupported_response_type"),
    ({"response_type": None}, "invalid_request"),
    ({"code_challenge": None}, "invalid_request"),
    ({"code_challenge_method": "plain"}, "invalid_request"),
    ({"code_challenge_method": None}, "invalid_request"),
    ({"code_challenge": "short"}, "invalid_request"),
    ({"resource": "https://elsewhere.example/mcp"}, "invalid_target"),
    ({"response_mode": "fragment"}, "invalid_request"),
    ({"request": "eyJ"}, "request_not_supported"),
    ({"state": ["one", "two"]}, "invalid_request"),
    ({"scope": ["catalog:read", "subscriptions:read"]}, "invalid_request"),
    ({"state": "x" * 2049}, "invalid_request"),
    ({"prompt": "none"}, "login_required"),
]
"""Parameters of an authorization request that do not do, and the error."""

ELSEWHERE = [
    "http://127.0.0.1:7777/other",
    "http://127.0.0.1:7777/callback/",
    "http://127.0.0.1:7777/callback?x=1",
    "http://localhost:7777/callback",
    "http://127.0.0.2:7777/callback",
    "http://[::1]:7777/callback",
    "http://user@127.0.0.1:7777/callback",
    "http://127.0.0.1:7777@evil.example/callback",
    "http://evil.example/callback",
    "https://127.0.0.1:7777/callback",
    "http://127.0.0.1:7777/callback#x",
    "http://127.0.0.1:7777/../callback",
]
"""Addresses that are not the registered http://127.0.0.1:7777/callback, at whichever port."""

CLIENT_IDS = {
    "nothing": lambda _: "",
    "a word": lambda _: "unknown",
    "cut short": lambda id_: id_[:-1],
    "one letter more": lambda id_: f"{id_}A",
    "other metadata under the same proof": lambda id_: (
        f"{id_[:10]}{'A' if id_[10] != 'A' else 'B'}{id_[11:]}"
    ),
    "no proof": lambda id_: id_.rpartition(".")[0],
    "the form alone": lambda _: "c1.",
    "very long": lambda _: f"c1.{'A' * 5_000}",
    "a document on this machine": lambda _: "https://127.0.0.1/client.json",
    "a document of the metadata server": lambda _: "https://169.254.169.254/computeMetadata/v1/",
    "a document by a creative address": lambda _: "https://0x7f000001/client.json",
    "a document with a user name": lambda _: "https://claude.ai@127.0.0.1/client.json",
    "a document that climbs": lambda _: "https://client.test/a/../client.json",
    "a script": lambda _: "javascript:alert(1)",
    "a path": lambda _: "../../etc/passwd",
    "a NUL": lambda id_: f"{id_}\x00",
}
"""Ids that are no client's, made from one that is."""

EXCHANGES = [
    ({"code": "wrong"}, "invalid_grant"),
    ({"code": None}, "invalid_request"),
    ({"code_verifier": "x" * 43}, "invalid_grant"),
    ({"code_verifier": None}, "invalid_request"),
    ({"code_verifier": "x" * 42}, "invalid_request"),
    ({"code_verifier": "x" * 129}, "invalid_request"),
    ({"code_verifier": "ä" * 43}, "invalid_request"),
    ({"redirect_uri": "http://127.0.0.1:7778/callback"}, "invalid_grant"),
    ({"resource": "https://elsewhere.example"}, "invalid_target"),
    ({"grant_type": "password"}, "unsupported_grant_type"),
    ({"grant_type": None}, "invalid_request"),
    ({"client_id": None}, "invalid_request"),
]
"""What does not fit in the exchange of a good code, and the error."""

REFRESH_TOKENS = {
    "a word": lambda _: "x",
    "an earlier generation": lambda good: f"ort_{good.split('_', 3)[1]}_0_{good.split('_', 3)[3]}",
    "a later generation": lambda good: f"ort_{good.split('_', 3)[1]}_2_{good.split('_', 3)[3]}",
    "a guessed seal": lambda good: f"ort_{good.split('_', 3)[1]}_1_{'A' * 22}",
    "another authorization": lambda good: f"ort_{'0' * 32}_1_{good.split('_', 3)[3]}",
    "a huge generation": lambda good: f"ort_{good.split('_', 3)[1]}_{'9' * 40}_{'A' * 22}",
}
"""Refresh tokens that were never issued, made from one of the first generation."""

USER_CODES = [
    "",
    "x",
    "AAAA-AAAA",
    "0000-0000",
    "' OR 1=1 --",
    "BCDF/GHJK",
    "\u0412CDF-GHJK",
    "B" * 10_000,
]
"""What is typed for a device's code and is none."""

NAMES = [
    "<script>alert(1)</script>",
    "<b>Claude</b>",
    '" onmouseover="x',
    "{{ 7 * 7 }}",
    "&lt;img&gt;",
]
"""Names of clients that must be shown as they are, as text."""
INVISIBLE = ["Cla\u202eude", "Cla\u200bude", "Cla\x00ude", "Cla\nude", "Cla\u2067ude"]
"""Names of clients that are refused."""

DEEP = b'{"q":' + b"[" * 10_000 + b"]" * 10_000 + b"}"
BODIES = {
    "nothing": b"",
    "deep arrays": DEEP,
    "five hundred deep": b'{"q":' + b"[" * 500 + b"]" * 500 + b"}",
    "five hundred objects deep": b'{"query":' + b'{"a":' * 500 + b"1" + b"}" * 501,
    "deep objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "a number past 64 bits": b'{"limit":123456789012345678901234567890}',
    "a number past every float": b'{"limit":1e999}',
    "NaN": b'{"price_min":NaN}',
    "infinity": b'{"price_min":Infinity}',
    "duplicate keys": b'{"limit":1,"limit":0}',
    "a lone surrogate": b'{"q":"\\ud800"}',
    "a raw surrogate": b'{"q":"\xed\xa0\x80"}',
    "not UTF-8": b'{"q":"\xff\xfe"}',
    "UTF-16": '{"q":"x"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"q":"x"}',
    "a NUL": b'{"q":"a\x00b"}',
    "an escaped NUL": b'{"q":"a\\u0000b"}',
    "a list": b"[]",
    "null": b"null",
    "cut off": b'{"q":',
    "a proto key": b'{"__proto__":{},"constructor":1}',
    "dunder": b'{"model_config":{},"__class__":"x"}',
    "a long key": b'{"' + b"k" * 100_000 + b'":1}',
    "many keys": b"{" + b",".join(b'"k%d":1' % n for n in range(5_000)) + b"}",
}
HEADERS = {
    "not ASCII": {"x-anything": b"\xff\xfe\x80"},
    "a request id that is none": {"x-request-id": b"a\tb\xff"},
    "a long request id": {"x-request-id": b"a" * 5_000},
    "long": {"x-anything": b"a" * 100_000},
    "an odd content type": {"content-type": b"application/json; charset=\xff"},
    "an odd accept": {"accept": b"\xff, application/json"},
    "an odd version": {"mcp-protocol-version": b"\xff"},
    "an odd origin": {"origin": b"http://\xff"},
    "a null origin": {"origin": b"null"},
    "an odd host": {"host": b"\xff:8080"},
}
