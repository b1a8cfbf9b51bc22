"""An owner's tenants, and one of them as a picture with the same facts as a table."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from functions.portal.picture import Link, Node, drawn, neighbours
from functions.portal.portal import shown_number
from functions.portal.visit import Visit
from shared.errors import Problem
from shared.pipeline import own_limits
from shared.serve.pages.web import Outgoing, with_query
from shared.studio.tools import access, discovery
from shared.studio.tools.segments import family as segments

_GOOD: Final = frozenset({"", "Active", "Published", "shown"})
_PAGES: Final = {"source": "/source", "catalog": "/partners", "partner": "/partners"}
"""Kinds that have a page of their own; the rest are shown as they are defined."""


def show(visit: Visit) -> Outgoing:
    """The tenants one can work in, or the one that is named (or the only one)."""
    asked = visit.asked("tenant")
    tenants = visit.run(discovery.family["whoami"])["tenants"]
    if not asked and len(tenants) != 1:
        return visit.page("data_tenants.html", tenants=tenants)
    visit.tenant = asked or tenants[0]["id"]
    graph, limits = visit.run_each(
        (discovery.family["list_configuration"], {}), (own_limits.family["get_own_limits"], {})
    )
    counts = {**limits["counts"], **_members(visit, graph)}
    nodes = [_node(visit, each, counts) for each in graph["nodes"]]
    links = [Link(each["source"], each["target"]) for each in graph["edges"]]
    for node, its in _shared(visit):
        nodes.append(node)
        links += its
    nodes = list({node.place: node for node in nodes}.values())
    return visit.page(
        "data.html",
        tenant=visit.tenant,
        several=len(tenants) > 1,
        nodes=nodes,
        near=neighbours(nodes, links),
        picture=drawn(nodes, links),
        hint=graph["hint"],
    )


def definition(visit: Visit) -> Outgoing:
    """One thing as it is defined, and what it is linked to."""
    visit.in_tenant()
    place = visit.asked("id")
    graph = visit.run(discovery.family["list_configuration"], focus=place, depth=1)
    nodes = [_node(visit, each, {}) for each in graph["nodes"]]
    links = [Link(each["source"], each["target"]) for each in graph["edges"]]
    here = next((node for node in nodes if node.place == place), None)
    return visit.page(
        "definition.html",
        tenant=visit.tenant,
        here=here,
        place=place,
        near=neighbours(nodes, links).get(place, []),
        definition=graph["definition"],
    )


def _node(visit: Visit, each: Mapping[str, Any], counts: Mapping[str, int]) -> Node:
    place = each["id"] if each["kind"] == "source" else f"{each['kind']}:{each['id']}"
    count = counts.get(place)
    return Node(
        place,
        each["kind"],
        each["name"],
        _page_of(visit, each["kind"], place, each["id"]),
        state=each["status"],
        count="" if count is None else _counted(visit, count, each["kind"]),
        warns=each["status"] not in _GOOD,
    )


def _counted(visit: Visit, count: int, kind: str) -> str:
    of_cards = kind in ("card", "segment")
    one, many = ("card", "cards") if of_cards else ("entry", "entries")
    return f"{shown_number(count, visit.language)} {one if count == 1 else many}"


def _page_of(visit: Visit, kind: str, place: str, id_: str) -> str:
    page = _PAGES.get(kind)
    asked = {"tenant": visit.tenant, "id": place if page is None else id_}
    return with_query(f"{visit.portal.base}{page or '/definition'}", asked)


def _members(visit: Visit, graph: Mapping[str, Any]) -> dict[str, int]:
    """How many cards each segment has, by its place."""
    if not any(each["kind"] == "segment" for each in graph["nodes"]):
        return {}
    found = visit.run(segments["list_segments"], limit=200)["items"]
    return {f"segment:{each['id']}": each["cardCount"] for each in found}


def _shared(visit: Visit) -> Iterator[tuple[Node, list[Link]]]:
    """Catalogs and the partners that see them, for those who may know."""
    try:
        found = visit.run(access.family["list_partner_access"])["items"]
    except Problem as problem:
        if problem.code != "forbidden":
            raise
        return
    for each in found:
        catalog = f"catalog:{each['catalog']}"
        place = _page_of(visit, "catalog", catalog, each["catalog"])
        state = "paused" if each["paused"] else "shown" if each["shown"] else "not shown"
        count = f"{shown_number(each['productCount'], visit.language)} products"
        name = each["displayName"]
        shown = Node(catalog, "catalog", name, place, state, count, warns=state != "shown")
        yield shown, [Link(f"endpoint:{id_}", catalog) for id_ in each["endpointIds"]]
        for terms in each["partners"]:
            partner = f"partner:{terms['organization']}"
            own = Node(partner, "partner", terms["organization"], place)
            yield own, [Link(catalog, partner)]
