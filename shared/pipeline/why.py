"""Why a card is not in what an endpoint answers: every check with what it compared, in order.

The first check that blocks is the cause; its fix, done, makes the card appear or shows the next.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from shared.engine.derived import Failures
from shared.engine.heads import CollectionName
from shared.engine.log import read_tail
from shared.pipeline.card_projection import joined
from shared.pipeline.cards import CARDS, CardSource, Content, collection_of, members_of
from shared.pipeline.catalog_checks import catalog_checks
from shared.pipeline.checks import Cause, Check, Fix
from shared.pipeline.configuration import Configuration
from shared.pipeline.destinations import Endpoint, Placed, placed
from shared.pipeline.endpoint_content import content_of
from shared.pipeline.endpoints import explained
from shared.pipeline.segments import OUT, SEGMENTS
from shared.pipeline.sources import entries_of
from shared.pipeline.version_publishing import settled
from shared.pipeline.workspace import Workspace
from shared.query import ast
from shared.query.answers import Item
from shared.query.ast import Compare, Linked, Question
from shared.query.kinds import SEGMENTS as IN_SEGMENTS
from shared.query.kinds import Kind
from shared.query.predicate import Finding, explain

_MOST_COMMITS: Final = 200
"""Commits that are looked through for what is on its way."""


def checks(space: Workspace, endpoint_id: str, card_id: str, language: str) -> list[Check]:
    """All that can be looked at, in order. Raises `not_found` for an unknown endpoint."""
    return list(_Why(space, placed(space.configuration, endpoint_id), card_id, language).checks())


class _Why:
    """One card and one endpoint."""

    def __init__(self, space: Workspace, found: Placed, key: str, language: str) -> None:
        self._space = space
        self._key = key
        self._language = language
        self._placed = found
        self._endpoint: Endpoint = found.endpoint.value
        self._version = settled(space.call.app, space.call.tenant, found.version.value)
        self._destination = found.destination.value
        self._configuration: Configuration = space.configuration
        card = space.configuration.get(CARDS, self._endpoint.card).value
        revision = self._endpoint.revision
        if card.of_revision(revision) is None:
            revision = card.revision
        self._content: Content = content_of(space.configuration, card.id, revision)
        self._cards = space.name(collection_of(card.id, revision))

    def checks(self) -> Iterator[Check]:
        entries = {each.source_id: self._entry(each) for each in self._content.sources}
        yield self._entries(entries)
        card = self._space.collections.found(self._cards, [self._key]).get(self._key)
        yield self._card(card, any(entries.values()))
        yield self._published()
        if card is not None:
            yield from self._selected(card)
        yield self._own()
        if self._language:
            yield self._shown_in()
        yield from catalog_checks(self._space, self._placed, self._key)

    def _entry(self, source: CardSource) -> str | None:
        """The entry of a source that the card is made of."""
        name = self._space.name(entries_of(source.source_id))
        if not source.join_property:
            return self._key if self._space.collections.living(name, [self._key]) else None
        for kind in (Kind.TEXT, Kind.INTEGER):
            where = Linked(source.join_property, kind, (self._key,))
            for item in self._space.collections.ask(name, Question(where, limit=10)).answer.items:
                if self._key in joined(source.join_property, item.body):
                    return item.key
        return None

    def _entries(self, found: Mapping[str, str | None]) -> Check:
        if any(found.values()):
            return Check("entry", "A source has an entry for the card.", evidence=dict(found))
        source = next((s for s in self._content.sources if not s.join_property), None)
        fix = None
        if source is not None:
            wanted = {"source_id": source.source_id, "entries": [{"id": self._key}]}
            fix = Fix("import_data", wanted)
        message = "No source of the cards has an entry with this key."
        return Check("entry", message, "no_entry", dict(found), fix)

    def _card(self, card: Item | None, has_entry: bool) -> Check:  # noqa: FBT001
        failure = self._failure(self._cards)
        if failure is not None:
            return Check(
                "card",
                f"The card could not be computed, so it stays as it was: {failure.error}",
                "card_failed",
                {"attempts": failure.attempts, "cause": failure.cause, "at": failure.at},
            )
        behind = self._behind(self._cards)
        if behind and (card is None or self._is_coming(behind)):
            message = "The card is being computed. Ask again in a moment."
            return Check("card", message, "card_pending", {"behind": behind})
        if card is None:
            cause: Cause | None = "no_card" if has_entry else None
            return Check("card", "There is no such card.", cause)
        return Check("card", "The card is there.", evidence={"at": card.updated, "seq": card.seq})

    def _published(self) -> Check:
        causes: Mapping[str, Cause] = {
            "New": "version_new",
            "Publishing": "version_publishing",
            "Stopped": "version_stopped",
        }
        version, cause = self._version, causes.get(self._version.state)
        evidence = {"state": version.state, "job_id": version.job}
        if cause is None:
            return Check("version", f"{version.id!r} is published.", evidence=evidence)
        arguments = {"api_version_id": version.id, "state": "publish"}
        waits = cause == "version_publishing"
        said = "It answers when its job is over." if waits else "It answers nothing."
        fix = None if waits else Fix("update_api_version", arguments)
        return Check("version", f"{version.id!r} is {version.state}. {said}", cause, evidence, fix)

    def _selected(self, card: Item) -> Iterator[Check]:
        selection = self._endpoint.selection
        mine = list(card.body.get(IN_SEGMENTS, ()))
        excluding = [each for each in selection.exclude if each in mine]
        if selection.include:
            yield self._included(mine)
        if excluding:
            segment = excluding[0]
            arguments = {"segment_id": segment, "exclude_card_ids": [self._key]}
            yield Check(
                "excluded",
                f"The segment {segment!r}, which the endpoint leaves out, has the card.",
                "excluded",
                {"segments": mine, "exclude": list(selection.exclude)},
                Fix("update_segment", arguments),
            )
        else:
            evidence = {"segments": mine, "exclude": list(selection.exclude)}
            yield Check("excluded", "No segment leaves it out.", evidence=evidence)
        if selection.filters:
            yield self._filtered(card)

    def _included(self, mine: list[str]) -> Check:
        include = self._endpoint.selection.include
        status = {
            each: found.value.status if (found := self._configuration.find(SEGMENTS, each)) else ""
            for each in include
        }
        evidence = {"segments": mine, "include": status}
        if any(each in mine for each in include):
            return Check("included", "An included segment has the card.", evidence=evidence)
        idle = next((each for each in include if status[each] != "Active"), None)
        if idle is not None:
            arguments = {"segment_id": idle, "status": "Active"}
            message = f"The included segment {idle!r} is {status[idle]}, so it has no cards."
            fix = Fix("update_segment", arguments)
            return Check("included", message, "segment_not_active", evidence, fix)
        segment = include[0]
        asked = self._configuration.get(SEGMENTS, segment).value
        named = asked.kind == "fixed"
        said = "add it to one" if named else "change its values, or what a segment asks"
        wanted: dict[str, Any] = {"segment_id": segment, "include_card_ids": [self._key]}
        return Check(
            "included",
            f"No included segment has the card: {said}.",
            "not_in_segment",
            {**evidence, "filter": list(asked.filters or ())},
            Fix("update_segment", wanted) if named or self._is_left_out(segment) else None,
        )

    def _is_left_out(self, segment: str) -> bool:
        """Whether a segment that asks a filter leaves the card out by name."""
        name = self._space.name(members_of(self._endpoint.card))
        found = self._space.collections.living(name, [self._key]).get(self._key)
        return found is not None and segment in found.body.get(OUT, ())

    def _filtered(self, card: Item) -> Check:
        node = explained(self._configuration, self._endpoint, self._space.call.now)
        finding = explain(node, card, lambda _: ())
        failing = [
            {"property": at, "op": op, "wanted": wanted, "actual": list(actual)}
            for at, op, wanted, actual in _failing(finding)
        ]
        if finding.holds:
            return Check("filter", "The card matches the endpoint's filters.")
        without = {"include_segments": list(self._endpoint.selection.include)}
        without["exclude_segments"] = list(self._endpoint.selection.exclude)
        arguments = {"endpoint_id": self._endpoint.id, "content_selection": without}
        return Check(
            "filter",
            "The card does not match the endpoint's filters: change its values, or the filters.",
            "filter",
            {"conditions": failing},
            Fix("update_endpoint", arguments),
        )

    def _own(self) -> Check:
        name = self._space.name(self._endpoint.collection)
        head = self._space.head(name.id)
        if head.inputs is None or not self._version.follows:
            return Check("entry_of_endpoint", "The endpoint has no entries yet.")
        failure = self._failure(name)
        if failure is not None:
            return Check(
                "entry_of_endpoint",
                f"The entry could not be computed: {failure.error}",
                "entry_failed",
                {"attempts": failure.attempts, "cause": failure.cause, "at": failure.at},
            )
        item = self._space.collections.found(name, [self._key], head).get(self._key)
        behind = self._behind(name)
        if head.walks or (behind and (item is None or self._is_coming(behind))):
            message = "The entry is being computed. Ask again in a moment."
            return Check("entry_of_endpoint", message, "entry_pending", {"behind": behind})
        if item is None:
            return Check("entry_of_endpoint", "The endpoint does not have it.")
        evidence = {"at": item.updated, "seq": item.seq}
        return Check("entry_of_endpoint", "The endpoint has it.", evidence=evidence)

    def _shown_in(self) -> Check:
        languages = self._destination.languages
        if self._language in languages:
            return Check("language", "The destination has the language.")
        arguments = {
            "destination_id": self._destination.id,
            "languages": [*languages, self._language],
        }
        return Check(
            "language",
            f"The destination has no {self._language!r}: {', '.join(languages)}.",
            "language",
            {"languages": list(languages)},
            Fix("update_destination", arguments),
        )

    def _failure(self, name: CollectionName) -> Any:
        if not self._space.head(name.id).failed:
            return None
        return Failures(self._space.call.app.bulk_documents, name).of([self._key]).get(self._key)

    def _behind(self, name: CollectionName) -> dict[str, list[int]]:
        """The inputs that a collection has not followed to their end: from where to where."""
        head = self._space.head(name.id)
        now = self._space.heads(head.inputs or ())
        return {
            each: [seq, now[each].seq]
            for each, (epoch, seq) in (head.inputs or {}).items()
            if (epoch, seq) != (now[each].epoch, now[each].seq)
        }

    def _is_coming(self, behind: Mapping[str, list[int]]) -> bool:
        """Whether one of these commits is about the card; said of many without a look."""
        documents = self._space.call.app.bulk_documents
        for each, (start, end) in behind.items():
            if end - start > _MOST_COMMITS:
                return True
            for logged in read_tail(documents, self._space.name(each), start, end):
                if any(row.key == self._key for row in logged.rows):
                    return True
        return False


def _failing(finding: Finding) -> Iterator[tuple[str, str, list[Any], tuple[Any, ...]]]:
    """The conditions that do not hold, with what the card has."""
    if finding.holds and not isinstance(finding.condition, ast.Not):
        return
    if finding.of:
        for each in finding.of:
            yield from _failing(each)
    elif isinstance(finding.condition, Compare):
        asked = finding.condition
        yield asked.property, asked.op, list(asked.values), finding.actual
    else:
        yield "", type(finding.condition).__name__, [], finding.actual
