"""What most lists are asked for: those of one organization."""

from shared.identity.records import OrgId
from shared.paging import Paged


class OfOrganization(Paged):
    """Of which organization."""

    org: OrgId
