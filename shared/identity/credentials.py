"""What ends with an organization that is disabled: all that people and programs show for it.

Its access document says since when nothing counts that was issued before, so everything is refused
from that one commit on. Here the records follow, so that lists are true; run again, it goes on.
"""

from shared.identity import authorizations, keys, service_accounts
from shared.identity.records import API_KEYS, AUTHORIZATIONS, SERVICE_ACCOUNTS
from shared.ports.documents import Query
from shared.queries import (
    API_KEYS_OF_ORGANIZATION,
    AUTHORIZATIONS_OF_ORGANIZATION,
    SERVICE_ACCOUNTS_OF_ORGANIZATION,
)
from shared.tool import Call

_BECAUSE = "its organization was disabled"


def end_credentials(call: Call, org: str) -> None:
    """End an organization's API keys, service accounts and what clients may do, each for good."""
    documents = call.app.documents
    of_org = {"org": org}
    for key in API_KEYS.every(documents, Query(API_KEYS_OF_ORGANIZATION, equal=of_org)):
        keys.deactivate(call, key.id)
    query = Query(SERVICE_ACCOUNTS_OF_ORGANIZATION, equal=of_org)
    for account in SERVICE_ACCOUNTS.every(documents, query):
        service_accounts.end(call, account.id)
    query = Query(AUTHORIZATIONS_OF_ORGANIZATION, equal={**of_org, "state": "active"})
    for authorization in AUTHORIZATIONS.every(documents, query):
        authorizations.end(call, authorization.id, because=_BECAUSE)
