"""People: who signs in at our own authorization server, found by what they can prove.

A person exists from the day an operator gives an e-mail address a membership. Signing in never
creates one, so nobody who was not invited is kept.
"""

import hashlib
import secrets
from typing import NamedTuple

from shared.errors import Problem
from shared.identity.addresses import email_id, exact, stored_email_id
from shared.identity.records import EMAILS, IDENTITIES, PEOPLE, Person, PersonLink
from shared.ports.documents import ABSENT, Delete, Documents, Write
from shared.records import Found
from shared.tool import Call


def person_of_email(documents: Documents, email: str) -> Found[Person] | None:
    """Whose e-mail address this is, in its one spelling.

    Nobody's where the address stored there is another one that was once taken for the same.
    """
    link = EMAILS.find(documents, email_id(email))
    person = None if link is None else PEOPLE.find(documents, link.value.person)
    return person if person is not None and exact(person.value.email) == email else None


def with_email(call: Call, email: str, subject: str | None) -> tuple[str, list[Write]]:
    """The subject an e-mail address belongs to, and the writes that make it so.

    `email` is in its one spelling. With a `subject`, that person gets the address in place of the
    one they had. Raises `conflict` when it is somebody else's.
    """
    link = EMAILS.find(call.app.documents, email_id(email))
    if link is not None:
        return link.value.person, _keeping(call, email, link.value.person, given=subject)
    subject = subject or f"u-{secrets.token_hex(8)}"
    before = PEOPLE.find(call.app.documents, subject)
    person = (
        before.value.model_copy(update={"email": email})
        if before
        else Person(email=email, created_at=call.now)
    )
    writes: list[Write] = [
        PEOPLE.put(subject, person, if_version=before.version if before else ABSENT),
        EMAILS.put(email_id(email), PersonLink(person=subject), if_version=ABSENT),
    ]
    if before is not None:
        writes.append(Delete(EMAILS.path(stored_email_id(before.value.email))))
    return subject, writes


def _keeping(call: Call, email: str, holder: str, *, given: str | None) -> list[Write]:
    """The writes that leave an address with who holds it, spelled as it is now.

    Raises `conflict` for anybody else, and where nobody was named and what the holder has is
    another address, one that was once taken for this one.
    """
    found = PEOPLE.find(call.app.documents, holder)
    same = found is not None and exact(found.value.email) == email
    if found is None or given not in (None, holder) or not (same or given):
        raise Problem("conflict", "This e-mail address belongs to another person.", field="email")
    if found.value.email == email:
        return []
    respelled = found.value.model_copy(update={"email": email})
    return [PEOPLE.put(holder, respelled, if_version=found.version)]


class Identified(NamedTuple):
    """Who an upstream provider says somebody is.

    Attributes:
        person: their id.
        writes: what remembers that they came from there.
        needs_code: they came first from another provider, so that this one's word for their
            address is not enough: a code mailed to it must be typed before anything is written.
    """

    person: str
    writes: list[Write]
    needs_code: bool = False


def person_of_identity(call: Call, upstream: str, subject: str, email: str) -> Identified | None:
    """Who an upstream provider says this is; None for a stranger.

    A known subject stays the same person whatever its address is now. A new one is the person its
    verified address belongs to, unless that person already came from this provider as somebody
    else: an address that was given to another must not open the former owner's account.
    """
    link = IDENTITIES.find(call.app.documents, _identity_id(upstream, subject))
    if link is not None:
        return Identified(link.value.person, [])
    person = person_of_email(call.app.documents, email)
    if person is None or person.value.identities.get(upstream, subject) != subject:
        return None
    another = bool(person.value.identities.keys() - {upstream})
    return Identified(person.id, _linking(person, upstream, subject), needs_code=another)


def link_identity(call: Call, person: str, upstream: str, subject: str) -> list[Write]:
    """The writes that make a provider's subject this person from now on."""
    return _linking(PEOPLE.get(call.app.documents, person), upstream, subject)


def _linking(person: Found[Person], upstream: str, subject: str) -> list[Write]:
    known = {**person.value.identities, upstream: subject}
    changed = person.value.model_copy(update={"identities": known})
    return [
        PEOPLE.put(person.id, changed, if_version=person.version),
        IDENTITIES.put(
            _identity_id(upstream, subject), PersonLink(person=person.id), if_version=ABSENT
        ),
    ]


def _identity_id(upstream: str, subject: str) -> str:
    return f"{upstream}:{hashlib.sha256(subject.encode()).hexdigest()}"
