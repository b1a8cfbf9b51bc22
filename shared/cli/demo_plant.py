"""The admin face's demo: a plant with machines and the products made on them."""

from shared.app import App
from shared.auth.caller import Caller
from shared.auth.tenancy import Role
from shared.entities import changing
from shared.entities.changing import Link, Whole
from shared.entities.installed import ENTITIES
from shared.entities.values import Given
from shared.pipeline.workspace import Workspace
from shared.tool import Call

PARENT, MADE_ON, SUCCESSOR = "System/ParentChild", "Demo/MadeOn", "Demo/Successor"


def prepare(app: App, tenant: str, subject: str, org: str) -> None:
    """Make the entities, where the tenant has none yet."""
    caller = Caller("admin", subject, org, "operator", "owner", None, None)
    now = app.clock.now()
    call = Call(app, caller, "admin", "dev", now, {}, None, tenant=tenant, role=Role.OWNER)
    space = Workspace(call)
    if space.head(ENTITIES).count == 0:
        changing.upsert(space, _wholes())


def _wholes() -> list[Whole]:
    plant = _whole(1, "Plant", {"Name": "Vienna", "Address.City": "Vienna"})
    parent = Link(PARENT, plant.id)
    machines = [
        _whole(11, "Machine", {"Name": "Lathe", "State": "Running", "Power": 11.5}, parent),
        _whole(12, "Machine", {"Name": "Mill", "Power": 7.5, "Tags": ["cnc"]}, parent),
        _whole(13, "Robot", {"Name": "Arm 6", "Axes": 6, "Power": 3.0}, parent),
    ]
    valve = {"Name": "Valve 12", "Brand": "Alpine", "Price": 49.9, "Stock": 120}
    made_on = [Link(MADE_ON, each.id) for each in machines[:2]]
    products = [
        _whole(22, "Product", {"Name": "Valve 14", "Brand": "Alpine", "Price": 59.9}, *made_on),
        _whole(21, "Product", valve, *made_on[:1], Link(SUCCESSOR, _id(22))),
        _whole(23, "Product", {"Name": "Gripper", "Brand": "Arms", "Price": 129.0}),
    ]
    return [plant, *machines, *products]


def _whole(number: int, type_: str, values: dict[str, object], *links: Link) -> Whole:
    given = tuple(Given(path, value) for path, value in values.items())
    return Whole(_id(number), f"Demo/{type_}", given, links)


def _id(number: int) -> str:
    return f"{number:024x}"
