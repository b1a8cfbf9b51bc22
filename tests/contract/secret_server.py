"""The part of Secret Manager that the client library uses here, over real gRPC.

https://cloud.google.com/secret-manager/docs/reference/rpc/google.cloud.secretmanager.v1
"""

import threading
from concurrent.futures import ThreadPoolExecutor

import google_crc32c
import grpc
from google.cloud import secretmanager_v1 as api

SERVICE = "google.cloud.secretmanager.v1.SecretManagerService"


class SecretServer:
    """Serves at `address`. `secrets` maps a secret's resource name to its versions' payloads."""

    def __init__(self):
        self.secrets, self.disabled, self.corrupt = {}, set(), False
        self.lock = threading.Lock()

    def __enter__(self):
        methods = {
            "CreateSecret": (self.create, api.CreateSecretRequest, api.Secret),
            "AddSecretVersion": (self.add, api.AddSecretVersionRequest, api.SecretVersion),
            "AccessSecretVersion": (
                self.access,
                api.AccessSecretVersionRequest,
                api.AccessSecretVersionResponse,
            ),
        }
        handlers = {
            name: grpc.unary_unary_rpc_method_handler(
                method,
                request_deserializer=asked.deserialize,
                response_serializer=answered.serialize,
            )
            for name, (method, asked, answered) in methods.items()
        }
        self.server = grpc.server(ThreadPoolExecutor(8))
        self.server.add_generic_rpc_handlers(
            [grpc.method_handlers_generic_handler(SERVICE, handlers)]
        )
        self.address = f"127.0.0.1:{self.server.add_insecure_port('127.0.0.1:0')}"
        self.server.start()
        return self

    def __exit__(self, *_):
        self.server.stop(grace=None).wait()

    def create(self, request, context):
        name = f"{request.parent}/secrets/{request.secret_id}"
        if "automatic" not in request.secret.replication:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "replication is required")
        with self.lock:
            if name in self.secrets:
                context.abort(grpc.StatusCode.ALREADY_EXISTS, f"Secret [{name}] already exists.")
            self.secrets[name] = []
        return api.Secret(name=name)

    def add(self, request, context):
        if request.parent not in self.secrets:
            context.abort(grpc.StatusCode.NOT_FOUND, f"Secret [{request.parent}] not found.")
        if google_crc32c.value(request.payload.data) != request.payload.data_crc32c:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "checksum mismatch")
        with self.lock:
            self.secrets[request.parent].append(request.payload.data)
            number = len(self.secrets[request.parent])
        return api.SecretVersion(name=f"{request.parent}/versions/{number}")

    def access(self, request, context):
        secret, _, version = request.name.rpartition("/versions/")
        assert version == "latest"
        if not self.secrets.get(secret):
            context.abort(grpc.StatusCode.NOT_FOUND, f"[{request.name}] not found.")
        if secret in self.disabled:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, "is in DISABLED state.")
        data = self.secrets[secret][-1]
        checksum = google_crc32c.value(data) ^ self.corrupt
        return api.AccessSecretVersionResponse(payload={"data": data, "data_crc32c": checksum})
