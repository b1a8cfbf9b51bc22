"""Folders that indexes are built in go again."""

import sys

from shared.indexes.folders import temporary_folder


def test_a_folder_goes_even_when_the_engine_writes_there_while_it_is_removed():
    written = []

    def as_the_engine_does(event, _):
        if event == "os.rmdir" and not written:
            written.append(folder / ".tantivy-meta.lock")
            written[0].touch()

    with temporary_folder() as folder:
        sys.addaudithook(as_the_engine_does)  # stays, and does nothing more
    assert written
    assert not folder.exists()
