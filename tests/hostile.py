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
