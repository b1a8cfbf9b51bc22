"""The search engine's panics are ordinary exceptions, and it can be asked on."""

import pytest
import tantivy

from shared.indexes.guard import Panicked, guarded


@pytest.fixture
def search(tmp_path):
    """Searches three documents whose JSON number is a whole one."""
    builder = tantivy.SchemaBuilder()
    builder.add_json_field("values", fast=True, tokenizer_name="raw", index_option="basic")
    index = tantivy.Index(builder.build(), path=str(tmp_path))
    writer = index.writer(20_000_000, 1)
    for number in (1, 2, 3):
        document = tantivy.Document()
        document.add_json("values", {"weight": number})
        writer.add_document(document)
    writer.commit()
    writer.wait_merging_threads()
    index.reload()

    @guarded
    def search(query):
        return index.searcher().search(index.parse_query(query), 10).count

    return search


def test_a_panic_is_an_exception_and_the_index_answers_on(search):
    with pytest.raises(Panicked) as panicked:
        search("values.weight:[-3.0 TO 12.2]")  # fractions, of a column of whole numbers
    assert isinstance(panicked.value, Exception)
    assert type(panicked.value.__cause__).__name__ == "PanicException"
    assert search("values.weight:[1 TO 2]") == 2


def test_what_is_no_panic_stays_what_it_was(search):
    with pytest.raises(ValueError, match="Syntax Error"):
        search("values.weight:[1 TO")

    @guarded
    def interrupted():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
