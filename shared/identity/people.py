"""People: who signs in at our own authorization server, found by what they can prove.

A person exists from the day an operator gives an e-mail address a membership. Signing in never
creates one, so nobody who was not invited is kept.
"""

import hashlib
import secrets

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


def person_of_identity(
    call: Call, upstream: str, subject: str, email: str
) -> tuple[str, list[Write]] | None:
    """Who an upstream provider says this is, and the writes that remember it; None for a stranger.

    A known subject stays the same person whatever its address is now. A new one is the person its
    verified address belongs to, unless that person already came from this provider as somebody
    else: an address that was given to another must not open the former owner's account.
    """
    id_ = f"{upstream}:{hashlib.sha256(subject.encode()).hexdigest()}"
    link = IDENTITIES.find(call.app.documents, id_)
    if link is not None:
        return link.value.person, []
    person = person_of_email(call.app.documents, email)
    if person is None or person.value.identities.get(upstream, subject) != subject:
        return None
    known = {**person.value.identities, upstream: subject}
    changed = person.value.model_copy(update={"identities": known})
    return person.id, [
        PEOPLE.put(person.id, changed, if_version=person.version),
        IDENTITIES.put(id_, PersonLink(person=person.id), if_version=ABSENT),
    ]
