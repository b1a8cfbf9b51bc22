"""Stored addresses from before addresses had one spelling, for an operator to correct."""

from typing import Annotated

from pydantic import Field

from shared.identity.addresses import exact
from shared.identity.records import PEOPLE
from shared.paging import Paged, PageOf
from shared.queries import PEOPLE as EVERYBODY
from shared.tool import Call, Effect, Family, Result, Risk

family = Family("address_review", org_types=frozenset({"operator"}))


class StoredAddress(Result):
    """A person's address that is not in the one spelling that it would be read into now."""

    person: str
    email: str
    reads_as: Annotated[
        str | None,
        Field(
            description="The one spelling. None: it would be refused, and its person cannot sign "
            "in by mail before it is corrected."
        ),
    ]


class ListAddressesToCorrect(Paged):
    """How many people to look through at once; a page may hold nothing, with more to come."""


@family.tool(
    scope="identity:read", effect=Effect.READ, risk=Risk.LOW, title="List addresses to correct"
)
def list_addresses_to_correct(call: Call, args: ListAddressesToCorrect) -> PageOf[StoredAddress]:
    """List stored e-mail addresses that are read differently now, or refused. Changes nothing.

    Correct one with set_member, naming the person as subject and the address they really have.
    """
    found, cursor = PEOPLE.page(call.app.documents, args.of(EVERYBODY))
    read = [(each.id, each.value.email, exact(each.value.email)) for each in found]
    items = [
        StoredAddress(person=person, email=stored, reads_as=now)
        for person, stored, now in read
        if now != stored
    ]
    return PageOf[StoredAddress](items=items, next_cursor=cursor)
