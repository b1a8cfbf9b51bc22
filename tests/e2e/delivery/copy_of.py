"""Keeps a copy of an endpoint, as an application in Python would: all once, then what changed.

    python copy_of.py ENDPOINT KEY < …

It goes on until its input ends, and prints the copy by id.
"""

import json
import sys
import threading

import httpx

PAGE = 7
EVERY = 0.1


def pages(http, address, asked):
    """Every page of a question, in order of id."""
    after = []
    while True:
        body = {**asked, "sortAsc": ["id"], "top": PAGE, "after": after}
        answer = http.post(address, json=body).raise_for_status().json()
        yield answer
        if answer["cursor"] is None:
            return
        after = [answer["results"][-1]["id"]]


def brought_up(http, address, copy, since):
    """Bring the copy up to date; from when on the next time asks."""
    asked = {"period": {"since": since}, "includeDeleted": True} if since else {}
    until = None
    for page in pages(http, address, asked):
        until = until or page["until"]
        for gone in page.get("deleted", ()):
            copy.pop(gone, None)
        copy.update({entry["id"]: entry for entry in page["results"]})
    return until


def main(address, key):
    """Follow the endpoint."""
    ended = threading.Event()

    def read():
        sys.stdin.read()
        ended.set()

    threading.Thread(target=read, daemon=True).start()
    copy, since = {}, None
    with httpx.Client(headers={"authorization": f"Bearer {key}"}, timeout=30) as http:
        is_last = False
        while not is_last:
            is_last = ended.wait(EVERY)
            since = brought_up(http, address, copy, since)
    json.dump(copy, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
