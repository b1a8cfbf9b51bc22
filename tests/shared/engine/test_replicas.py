"""Which collections are held open: those used last, as many as memory allows."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.engine.replicas import Replicas


class Opened:
    """What stands for a replica: its folder, and the bytes that its files are said to have."""

    def __init__(self, folder, size=10):
        (folder / "file").write_text("x")
        self.folder = folder
        self.size = size


@pytest.fixture
def replicas(tmp_path):
    return Replicas(tmp_path / "replicas", most_bytes=35, most_open=3)


def use(replicas, path, size=10):
    with replicas.using(path, lambda folder: Opened(folder, size)) as found:
        return found


def test_one_that_is_open_is_given_again_in_its_own_folder(replicas):
    first = use(replicas, "a")
    assert use(replicas, "a") is first
    assert use(replicas, "b").folder != first.folder


def test_what_was_used_longest_ago_goes_when_there_are_too_many(replicas):
    first, second = use(replicas, "a"), use(replicas, "b")
    use(replicas, "c")
    use(replicas, "a")
    use(replicas, "d")
    assert len(replicas) == 3
    assert first.folder.exists()
    assert not second.folder.exists()
    assert use(replicas, "b") is not second


def test_what_was_used_longest_ago_goes_when_they_are_too_large(replicas):
    first = use(replicas, "a", size=20)
    assert use(replicas, "b", size=30).folder.exists()
    assert not first.folder.exists()
    assert len(replicas) == 1


def test_one_that_grew_makes_others_go_when_it_was_used(replicas):
    first, second = use(replicas, "a"), use(replicas, "b")
    with replicas.using("b", Opened) as found:
        found.size = 30
        assert first.folder.exists()
    assert not first.folder.exists()
    assert second.folder.exists()


def test_what_is_in_use_stays_however_much_it_is(replicas):
    with replicas.using("a", lambda folder: Opened(folder, 100)) as first:
        use(replicas, "b")
        assert (first.folder / "file").exists()
    assert not first.folder.exists()


def test_one_that_is_dropped_goes_on_for_those_who_use_it_and_opens_anew_for_others(replicas):
    with replicas.using("a", Opened) as first:
        replicas.drop("a")
        assert first.folder.exists()
        second = use(replicas, "a")
        assert second is not first
    assert not first.folder.exists()
    assert use(replicas, "a") is second
    replicas.drop("a")
    replicas.drop("never opened")
    assert not second.folder.exists()


def test_many_who_want_the_same_one_open_it_once(replicas):
    begun, opened = threading.Event(), []

    def opening(folder):
        begun.wait()
        opened.append(Opened(folder))
        return opened[-1]

    def using(_):
        with replicas.using("a", opening) as found:
            return found

    with ThreadPoolExecutor(8) as threads:
        found = [threads.submit(using, number) for number in range(8)]
        begun.set()
        assert {each.result() for each in found} == set(opened)
    assert len(opened) == 1


def test_one_that_cannot_be_opened_leaves_nothing_and_is_tried_again(replicas, tmp_path):
    def failing(folder):
        (folder / "half").write_text("x")
        raise OSError("no space")

    with pytest.raises(OSError, match="no space"), replicas.using("a", failing):
        pass
    assert len(replicas) == 0
    assert not list((tmp_path / "replicas").iterdir())
    assert use(replicas, "a").folder.exists()


def test_who_waited_for_one_that_could_not_be_opened_opens_it(replicas):
    waiting = threading.Barrier(2)
    tried = []

    def opening(folder):
        tried.append(folder)
        if len(tried) == 1:
            waiting.wait()
            raise OSError("no space")
        return Opened(folder)

    def using():
        with replicas.using("a", opening) as found:
            return found

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(using)
        second = threads.submit(lambda: (waiting.wait(), using())[1])
        with pytest.raises(OSError, match="no space"):
            first.result()
        assert second.result().folder.exists()
