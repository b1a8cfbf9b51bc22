"""Secret Manager's client, in a module of its own: who reads mounted secrets never loads it."""

from google.cloud.secretmanager_v1 import SecretManagerServiceClient


def connect() -> SecretManagerServiceClient:
    """A client with the process's own credentials."""
    return SecretManagerServiceClient()
