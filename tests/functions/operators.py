"""The admin face as its tests use it: an operator's tenants, and calls of its tools over MCP."""

from shared.auth.faces import ADMIN
from tests.functions.connection import Connection
from tests.platform import ORIGIN, Platform

ADDRESS = f"{ORIGIN}/admin/mcp"


def data(**values):
    """Values of an entity by path; `__` stands for a dot."""
    return [{"attributePath": n.replace("__", "."), "value": v} for n, v in values.items()]


def values(entity):
    """An entity's values by attribute, records' as objects."""
    return {each["attributeName"]: _plain(each["value"]) for each in entity["attributes"]}


def _plain(value):
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return values({"attributes": value})
    if isinstance(value, list) and value and isinstance(value[0], list):
        return [values({"attributes": each}) for each in value]
    return value


class Operators(Platform):
    """A platform with an operator's tenants: group, plant below it; and a shop's tenant north."""

    def __init__(self, folder, clock=None, **settings):
        given = {"faces": {"admin": ADDRESS}, "sign_in": True, **settings}
        super().__init__(folder, clock, **given)

    def fill(self):
        self.organization("operators", type="operator", rate_limit=1_000_000)
        self.do("create_tenant", id="group", name="Group", org="operators")
        self.do("create_tenant", id="plant", name="Plant", org="operators", parent="group")
        self.do("install_package", tenant="plant", package="Demo-1.0.0")
        self.organization("shop", type="catalog_owner")
        self.do("create_tenant", id="north", name="North", org="shop")
        self.member("operators", "ops", role="owner", email="ops@example.com")
        self.member("operators", "mia", email="mia@example.com")
        self.member("shop", "olga", role="owner", email="olga@example.com")
        return self

    def bearer(self, subject="ops", *, org="operators", **options):
        options = {"scopes": ADMIN.scopes, "audience": ADDRESS, **options}
        return self.token(org, subject, **options)

    def connected(self, tenant="plant", subject="ops", **options):
        return Connection(self, "admin", tenant, self.bearer(subject, **options))


async def create(client, type_, *links, **given):
    """An entity; links are (role, id) or (role, id, direction)."""
    associations = [
        {"ckRoleId": role, "rtId": id_, **({"direction": way[0]} if way else {})}
        for role, id_, *way in links
    ]
    made = await client.call(
        "create_entity",
        ckTypeId=f"Demo/{type_}",
        entityData=data(**given),
        associations=associations,
    )
    return made["rtId"]


async def names(client, type_, filters=None, **more):
    if filters is not None:
        more["filters"] = filters
    found = await client.call("query_entities", ckTypeId=f"Demo/{type_}", **more)
    assert found["returnedCount"] == len(found["entities"])
    return sorted(values(each)["Name"] for each in found["entities"])


def where(path, operator, *given, joined="And"):
    asked = {"attributePath": path, "operator": operator}
    asked |= dict(zip(("value", "secondValue"), given, strict=False))
    return {"operator": joined, "fields": [asked]}


async def stock(plant):
    """A plant with a lathe and a robot; their ids are the client's."""
    plant.vienna = await create(plant, "Plant", Name="Vienna", Address__City="Vienna")
    parent = ("System/ParentChild", plant.vienna)
    plant.lathe = await create(
        plant, "Machine", parent, Name="Lathe", State="Running", Power=11.5,
        Installed="2020-01-02T03:04:05+01:00", Tags=["old", "cnc"],
        Maintenance=[{"At": "2026-01-01T00:00:00Z", "Hours": 2}, {"At": "2026-03-01T00:00:00Z"}],
    )  # fmt: skip
    plant.robot = await create(plant, "Robot", parent, Name="Arm 6", Axes=6, Power=3.0)
    return plant
