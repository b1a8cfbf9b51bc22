"""Analytics Hub and Cloud Tasks on one port, with TLS, where a universe domain leads clients to."""

import json
from urllib.parse import urlsplit

import grpc
import httpx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.contract.hub_server import HubServer
from tests.contract.tasks_server import TasksServer
from tests.google_identity import GoogleIdentity
from tests.tls import write_certificates

HOSTS = ("analyticshub.localhost", "cloudtasks.localhost")


class Google:
    """Both services, and what a process needs in its environment to find and to trust them."""

    def __init__(self, folder, queues, account):
        folder.mkdir()
        write_certificates(folder, *HOSTS)
        key, begin, certificate = (folder / "server.pem").read_bytes().partition(b"-----BEGIN CERT")
        self.hub = HubServer(tls=(key, begin + certificate))
        self.tasks = TasksServer(*queues)
        self.identity = GoogleIdentity()
        self.folder = folder
        (folder / "account.json").write_text(json.dumps(service_account(account)))

    def __enter__(self):
        self.hub.__enter__()
        self.identity.__enter__()
        methods = {
            "CreateTask": grpc.unary_unary_rpc_method_handler(
                self.tasks.create_task,
                request_deserializer=TasksServer.METHODS["CreateTask"][0].deserialize,
                response_serializer=TasksServer.METHODS["CreateTask"][1].serialize,
            )
        }
        handler = grpc.method_handlers_generic_handler(TasksServer.SERVICE, methods)
        self.hub.server.add_generic_rpc_handlers([handler])
        self.environment = {
            "GOOGLE_APPLICATION_CREDENTIALS": str(self.folder / "account.json"),
            "GOOGLE_CLOUD_UNIVERSE_DOMAIN": f"localhost:{self.hub.secure_port}",
            "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": str(self.folder / "ca.pem"),
        }
        return self

    def __exit__(self, *error):
        self.identity.__exit__(*error)
        self.hub.__exit__(*error)

    def deliver(self, port, *kinds):
        """Send the waiting tasks of these kinds to the function at a port, as Cloud Tasks does:
        signed as the account each names; what is answered with 2xx is done. They come sooner than
        they asked for, which every job can take. The answers, by job.
        """
        answers = {}
        for name, task in list(self.tasks.tasks.items()):
            request = task.http_request
            url = urlsplit(request.url)
            if url.path not in {f"/jobs/{kind}" for kind in kinds}:
                continue
            oidc = request.oidc_token
            token = self.identity.sign(oidc.service_account_email, oidc.audience)
            answer = httpx.post(
                f"http://127.0.0.1:{port}{url.path}",
                content=request.body,
                headers={
                    **request.headers,
                    "host": url.netloc,
                    "authorization": f"Bearer {token}",
                    "x-cloudtasks-taskname": name.rpartition("/")[2],
                },
                timeout=60,
            )
            answers.setdefault(url.path, []).append((answer.status_code, answer.json()))
            if answer.is_success:
                del self.tasks.tasks[name]
        return answers


def service_account(email):
    """Credentials that sign their own tokens; nobody but our servers accepts them."""
    key = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return {
        "type": "service_account",
        "project_id": email.partition("@")[2].partition(".")[0],
        "private_key_id": "1",
        "private_key": key.decode(),
        "client_email": email,
        "client_id": "1",
        "token_uri": "https://oauth2.localhost/token",
    }
