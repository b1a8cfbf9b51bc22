"""Multiplicities, archive and expected versions, whatever is done in whatever order.

The same operations run on a tenant's entities and on a plain model of dicts, which says what has to
come of each; in the end both hold the same.
"""

from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.auth.caller import Caller
from shared.auth.tenancy import Role
from shared.entities import changing, entity
from shared.entities.changing import Link
from shared.entities.installed import ENTITIES, graph_of
from shared.entities.values import Given
from shared.errors import Problem
from shared.pipeline.workspace import Workspace
from shared.query.ast import MOST_ITEMS, Marked, Not, Question
from shared.tool import Call
from tests.platform import Platform

PARENT, MADE_ON, SUCCESSOR = "System/ParentChild", "Demo/MadeOn", "Demo/Successor"
FITS = {
    PARENT: ("Demo/Machine", "Demo/Plant"),
    MADE_ON: ("Demo/Product", "Demo/Machine"),
    SUCCESSOR: ("Demo/Product", "Demo/Product"),
}
MOST = {PARENT: (1, None), MADE_ON: (None, None), SUCCESSOR: (1, 1)}
"""How many targets an origin has, and how many origins a target."""
LEAST = {PARENT: 1}
"""How many targets an origin must have."""
TYPES = ("Demo/Plant", "Demo/Machine", "Demo/Product")


class Refused(Exception):  # noqa: N818  what the model answers
    pass


class Model:
    """What entities come to, by plain rules."""

    def __init__(self):
        self.entities = {}
        self.edges = set()

    def create(self, id_, type_, parent):
        if type_ == "Demo/Machine":
            self._alive(parent, "Demo/Plant")
            self.edges.add((PARENT, id_, parent))
        self.entities[id_] = {"type": type_, "version": 1, "archived": False}

    def update(self, id_, expected):
        self._expect(id_, expected)
        self.entities[id_]["version"] += 1

    def archive(self, id_, expected):
        found = self._one(id_)
        if found["archived"]:
            raise Refused
        mine = {edge for edge in self.edges if id_ in edge[1:]}
        if any(LEAST.get(role) and target == id_ for role, _, target in mine):
            raise Refused
        self._expect(id_, expected)
        found.update(version=found["version"] + 1, archived=True)
        self.edges -= mine

    def associate(self, role, origin, target, *, replace):
        self._alive(origin, FITS[role][0])
        self._alive(target, FITS[role][1])
        edge = (role, origin, target)
        if edge in self.edges:
            return
        gone = set()
        for at, most in ((1, MOST[role][0]), (2, MOST[role][1])):
            there = {each for each in self.edges if each[0] == role and each[at] == edge[at]}
            if most is not None and there:
                if not replace:
                    raise Refused
                gone |= there
        self.edges = self.edges - gone | {edge}

    def dissociate(self, role, origin, target):
        edge = (role, origin, target)
        if edge in self.edges and LEAST.get(role):
            raise Refused
        self.edges -= {edge}

    def _one(self, id_):
        if id_ not in self.entities:
            raise Refused
        return self.entities[id_]

    def _alive(self, id_, type_):
        found = self._one(id_)
        if found["archived"] or found["type"] != type_:
            raise Refused

    def _expect(self, id_, expected):
        found = self._one(id_)
        if found["archived"] or expected not in (None, found["version"]):
            raise Refused


class Tenant:
    """The same on the engine."""

    def __init__(self, platform, name):
        self._platform = platform
        self.name = name

    def begun(self):
        """The tenant, made."""
        self._platform.do("create_tenant", id=self.name, name=self.name, org="operators")
        self._platform.do("install_package", tenant=self.name, package="Demo-1.0.0")
        return self

    def space(self):
        caller = Caller("admin", "ops", "operators", "operator", "owner", None, None)
        app = self._platform.app
        call = Call(
            app, caller, "admin", "test", app.clock.now(), {}, None,
            tenant=self.name, role=Role.OWNER,
        )  # fmt: skip
        return Workspace(call)

    def create(self, type_, parent):
        links = [Link(PARENT, parent)] if type_ == "Demo/Machine" else []
        return changing.create(self.space(), type_, [Given("Name", "x")], links).entity.id

    def update(self, type_, id_, expected):
        made = changing.update(self.space(), type_, id_, [Given("Name", "x")], expected)
        return made.entity.version

    def archive(self, type_, id_, expected):
        return changing.archive(self.space(), type_, id_, expected).entity.version

    def held(self):
        """Every entity, and every living association."""
        space = self.space()
        graph_of(space.configuration)
        found, cursor = [], None
        while cursor or not found:
            question = Question(limit=MOST_ITEMS, cursor=cursor)
            answer, _ = space.collections.ask(space.name(ENTITIES), question)
            found, cursor = found + list(answer.items), answer.cursor
            if not answer.items:
                break
        entities = [entity.of_item(item) for item in found if not item.key.startswith("~")]
        living = entity.living(Not(Marked(entity.LINEAGE, ("System/Entity",))))
        answer, _ = space.collections.ask(space.name(ENTITIES), Question(living, limit=MOST_ITEMS))
        return (
            {
                each.id: {
                    "type": each.type,
                    "version": each.version,
                    "archived": each.state == "Archived",
                }
                for each in entities
            },
            {tuple(entity.edge_of(item)) for item in answer.items},
        )


@pytest.fixture(scope="module")
def platform(tmp_path_factory):
    platform = Platform(tmp_path_factory.mktemp("randomized"))
    platform.organization("operators", type="operator")
    yield platform
    platform.close()


NAMES = count(1)
STEPS = st.sampled_from(
    ["create", "create", "create", "update", "archive", "associate", "associate", "dissociate"]
)


@pytest.mark.slow
@given(st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_was_done_is_what_plain_rules_say_in_any_order(platform, data):
    tenant, model = Tenant(platform, f"tenant-{next(NAMES)}").begun(), Model()
    for step in data.draw(st.lists(STEPS, min_size=4, max_size=18)):
        take(step, data.draw, tenant, model)
    assert tenant.held() == (model.entities, model.edges)


def take(step, draw, tenant, model):
    """One operation on both; both do it, or both refuse."""
    some = st.sampled_from([*model.entities, "0" * 24])
    if step == "create":
        type_, parent = draw(st.sampled_from(TYPES)), draw(some)
        same(
            lambda: tenant.create(type_, parent),
            lambda made: model.create(made or "f" * 24, type_, parent),
        )
        return
    if step in ("update", "archive"):
        id_ = draw(some)
        found = model.entities.get(id_, {"type": "Demo/Plant", "version": 1})
        expected = draw(st.sampled_from([None, found["version"], found["version"] + 1]))
        same(
            lambda: getattr(tenant, step)(found["type"], id_, expected),
            lambda _: getattr(model, step)(id_, expected),
            lambda version: version == model.entities[id_]["version"],
        )
        return
    role, origin, target = draw(st.sampled_from(sorted(FITS))), draw(some), draw(some)
    if step == "associate":
        replace = draw(st.booleans())
        same(
            lambda: changing.associate(tenant.space(), origin, Link(role, target), replace=replace),
            lambda _: model.associate(role, origin, target, replace=replace),
        )
    else:
        link = Link(role, origin, outbound=False)
        same(
            lambda: changing.dissociate(tenant.space(), target, link),
            lambda _: model.dissociate(role, origin, target),
        )


def same(really, plainly, fits=lambda _: True):
    try:
        made, refused = really(), None
    except Problem as problem:
        made, refused = None, problem.code
    if refused is None:
        plainly(made)
        assert fits(made)
        return
    assert refused in ("conflict", "invalid", "not_found")
    with pytest.raises(Refused):
        plainly(None)
