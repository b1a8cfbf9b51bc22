"""The part of Cloud Storage's JSON API that the client library uses for files, over real HTTP.

Multipart and resumable uploads, media downloads with ranges, listing in pages, deletion, and the
precondition `ifGenerationMatch=0`. https://cloud.google.com/storage/docs/json_api/v1
Also V4 signed URLs for downloads, judged with the signer's public key.
https://cloud.google.com/storage/docs/authentication/signatures
"""

import base64
import hashlib
import json
import re
import threading
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from urllib.parse import parse_qs, unquote, urlsplit

import google_crc32c
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

PAGE = 20


class StorageServer(ThreadingHTTPServer):
    """One bucket store at `url`.

    Attributes:
        requests: `METHOD uploadType` of what was asked, in order.
        faults: what happens to the next requests: an HTTP status to answer with, "lost" (done, but
            the answer is a 503), "cut" (half of a download's body), "flip" (a wrong byte in it),
            or None.
        signers: public RSA keys by the name of the account that signs with them.
    """

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.requests, self.faults = [], []
        self.objects, self.uploads, self.signers = {}, {}, {}
        self.numbers, self.lock = count(1), threading.Lock()

    def __enter__(self):
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.thread.join()
        self.server_close()

    def store(self, name, content, condition):
        """The new object's resource, or None when the name is not free and had to be."""
        with self.lock:
            if condition == "0" and name in self.objects:
                return None
            crc = google_crc32c.Checksum(content).digest()
            resource = {
                "kind": "storage#object",
                "name": name,
                "size": str(len(content)),
                "generation": str(next(self.numbers)),
                "timeCreated": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}Z",
                "crc32c": base64.b64encode(crc).decode(),
                "md5Hash": base64.b64encode(hashlib.md5(content).digest()).decode(),
            }
            self.objects[name] = resource, content
            return resource


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        """Stay quiet."""

    def answer(self, status, body=b"", **headers):
        if isinstance(body, dict):
            body = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def handle_request(self):
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.requests.append(f"{self.command} {query.get('uploadType', '')}".strip())
        self.fault = self.server.faults.pop(0) if self.server.faults else None
        if isinstance(self.fault, int):
            return self.answer(self.fault, {"error": {"code": self.fault, "message": "told to"}})
        name = unquote(url.path.partition("/o/")[2])
        if "X-Goog-Signature" in query:
            return self.signed(url, query)
        if url.path.startswith("/upload/") and self.command != "GET":
            return self.upload(query, content)
        known = self.download if query.get("alt") == "media" else self.listing
        known = self.removal if self.command == "DELETE" else known
        return known(name, query)

    do_GET = do_POST = do_PUT = do_DELETE = handle_request  # noqa: N815  http.server's names

    def removal(self, name, _):
        return self.answer(204 if self.server.objects.pop(name, None) else 404)

    def upload(self, query, content):
        condition = query.get("ifGenerationMatch")
        if query["uploadType"] == "multipart":
            head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
            about, _ = message_from_bytes(head + content).get_payload()
            name = json.loads(about.get_payload())["name"]
            boundary = re.search(r'boundary="?([^";]+)', self.headers["Content-Type"])[1].encode()
            raw = content.split(b"--" + boundary)[2].partition(b"\r\n\r\n")[2][:-2]
            return self.stored(self.server.store(name, raw, condition))
        if "upload_id" not in query:
            name = json.loads(content)["name"]
            if condition == "0" and name in self.server.objects:
                return self.stored(None)
            upload = str(next(self.server.numbers))
            self.server.uploads[upload] = {
                "name": name,
                "condition": condition,
                "received": bytearray(),
                "size": self.headers.get("X-Upload-Content-Length"),
            }
            return self.answer(200, Location=f"{self.server.url}{self.path}&upload_id={upload}")
        return self.received(self.server.uploads[query["upload_id"]], content)

    def received(self, session, content):
        if session.get("stored"):  # a finished session answers as it did when it finished
            return self.stored(session["stored"])
        whole = f"bytes 0-{len(content) - 1}/{len(content)}"
        first, total = re.fullmatch(
            r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)", self.headers.get("Content-Range", whole)
        ).groups()
        if total != "*" and session["size"] not in (None, total):
            return self.answer(400, b"Not the size that was announced")
        received = session["received"]
        if first is not None:
            received[int(first) :] = content
        if total == "*" or len(received) < int(total):
            kept = {"Range": f"bytes=0-{len(received) - 1}"} if received else {}
            return self.answer(308, **kept)
        session["stored"] = self.server.store(
            session["name"], bytes(received), session["condition"]
        )
        return self.stored(session["stored"])

    def signed(self, url, query):
        signature = bytes.fromhex(query["X-Goog-Signature"])
        account, _, scope = query["X-Goog-Credential"].partition("/")
        unsigned = url.query.rpartition("&X-Goog-Signature=")[0] or url.query
        parts = sorted(part for part in unsigned.split("&") if "X-Goog-Signature=" not in part)
        host = f"host:{self.headers['Host']}\n"
        canonical = "\n".join(
            (self.command, url.path, "&".join(parts), host, "host", "UNSIGNED-PAYLOAD")
        )
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        said = f"GOOG4-RSA-SHA256\n{query['X-Goog-Date']}\n{scope}\n{digest}"
        begun = datetime.strptime(query["X-Goog-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        try:
            self.server.signers[account].verify(
                signature, said.encode(), padding.PKCS1v15(), hashes.SHA256()
            )
        except InvalidSignature:
            return self.answer(403, b"SignatureDoesNotMatch")
        if datetime.now(UTC) >= begun + timedelta(seconds=int(query["X-Goog-Expires"])):
            return self.answer(400, b"ExpiredToken")
        name = unquote(url.path.split("/", 2)[2])
        if name not in self.server.objects:
            return self.answer(404, b"NoSuchKey")
        headers = {"Content_Disposition": query["response-content-disposition"]}
        return self.answer(200, self.server.objects[name][1], **headers)

    def stored(self, resource):
        if self.fault == "lost":
            return self.answer(503)
        if resource is None:
            return self.answer(412, {"error": {"code": 412, "message": "conditionNotMet"}})
        return self.answer(200, resource)

    def download(self, name, _):
        if name not in self.server.objects:
            return self.answer(404, b"No such object")
        resource, content = self.server.objects[name]
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or "")
        first = int(asked[1]) if asked else 0
        body = content[first:]
        if self.fault == "flip":
            body = bytes([body[0] ^ 1]) + body[1:]
        self.send_response(206 if asked else 200)
        self.send_header("Content-Length", str(len(body)))
        if asked:
            self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
        self.send_header("X-Goog-Generation", resource["generation"])
        self.send_header("X-Goog-Stored-Content-Length", str(len(content)))
        self.send_header("X-Goog-Hash", f"crc32c={resource['crc32c']},md5={resource['md5Hash']}")
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if self.fault == "cut" else body)
        self.close_connection = self.fault == "cut"
        return None

    def listing(self, _, query):
        if "uploadType" in query:
            return self.answer(405)
        prefix, after = query.get("prefix", ""), query.get("pageToken", "")
        names = sorted(self.server.objects, key=str.encode)
        names = [n for n in names if n.startswith(prefix) and n.encode() > after.encode()]
        page = {"items": [self.server.objects[name][0] for name in names[:PAGE]]}
        if len(names) > PAGE:
            page["nextPageToken"] = names[PAGE - 1]
        return self.answer(200, page)
