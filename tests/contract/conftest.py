"""The adapters each contract suite runs on."""

import pytest

from shared.local.blobs import FolderBlobs
from shared.local.documents import SqliteDocuments
from shared.local.secrets import FileSecrets


@pytest.fixture(params=["sqlite"])
def documents(request, tmp_path):
    adapter = SqliteDocuments(tmp_path / "documents.db")
    yield adapter
    adapter.close()


@pytest.fixture(params=["folder"])
def blobs(request, tmp_path):
    return FolderBlobs(tmp_path / "blobs")


@pytest.fixture(params=["files"])
def secrets(request, tmp_path):
    return FileSecrets(tmp_path / "secrets")
