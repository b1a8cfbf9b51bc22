"""What holds for every tool of every face, and the snapshots that show how a face grows."""

import re
from importlib import import_module
from pathlib import Path

import orjson
import pytest

from functions.api.main import host as api_host
from functions.api.routes import ROUTES
from functions.studio import ingest
from shared.app import App
from shared.auth.faces import FACES
from shared.catalog.tools import pictures, publishing, versions
from shared.cli.operations import FAMILIES as OPERATIONS
from shared.serve.run import Runner
from shared.settings import Settings
from shared.tool import Effect, Family
from tests.infra.programs import package
from tests.platform import LEGACY, ORIGIN, Platform, message
from tests.snapshots import same_as_snapshot
from tests.tokens import tokens

ROOT = Path(__file__).parents[2]
COMMANDS = (*OPERATIONS, publishing.family, versions.family)
"""What the command line serves."""
PROGRAMS = (ingest.family, pictures.family)
"""What a face serves beside its tools, to programs and pages."""


def declared(module):
    """The families that a module declares."""
    return [each for each in vars(import_module(module)).values() if isinstance(each, Family)]


def declaring():
    """Every module that declares tools."""
    for folder in ("shared", "functions"):
        for path in sorted(ROOT.glob(f"{folder}/**/*.py")):
            if re.search(r"^\w*family = Family\(", path.read_text(), re.MULTILINE):
                yield ".".join(path.relative_to(ROOT).with_suffix("").parts)


def families_of(function):
    """What a function serves: what it lists, or else all that it reaches by imports."""
    main = import_module(f"functions.{function}.main")
    if hasattr(main, "FAMILIES"):
        return main.FAMILIES
    reached = {name.removesuffix(".py").replace("/", ".") for name in package.contents(function)}
    return [family for module in declaring() if module in reached for family in declared(module)]


FUNCTIONS = package.functions()
MCP = [face for face in FACES if face.name in FUNCTIONS and not face.is_own_client]
"""The faces that agents connect to, as far as they are built."""
SERVED = {function: families_of(function) for function in FUNCTIONS}
FAMILIES = {
    family: family.tools
    for families in (*SERVED.values(), COMMANDS, PROGRAMS)
    for family in families
}
ALL = [tool for tools in FAMILIES.values() for tool in tools]
OF_FACES = [
    pytest.param(face, tool, id=f"{face.name}: {tool.name}")
    for face in MCP
    for family in SERVED[face.name]
    for tool in family.tools
]
VERBS = {
    "activate", "auth", "authenticate", "cancel", "change", "check", "count", "create",
    "deactivate", "decline", "delete", "describe", "draft", "end", "execute", "export", "find",
    "follow", "get", "grant", "import", "ingest", "install", "invite", "list", "lookup", "navigate",
    "pause", "prepare", "promote", "publish", "purge", "query", "queue", "rebuild", "refresh",
    "register", "restore", "resume", "retire", "revert", "revoke", "roll", "rotate", "run",
    "search", "set", "start", "store", "suspend", "sweep", "switch", "tidy", "trace",
    "update", "upsert", "validate", "whoami", "why", "withdraw",
}  # fmt: skip


@pytest.mark.parametrize("tool", ALL, ids=lambda tool: tool.name)
def test_a_tool_is_named_verb_noun_and_begins_with_a_plain_sentence(tool):
    verb = tool.name.split("_")[0]
    assert verb in VERBS, f"{verb!r} is a new verb: take one of VERBS, or add it where none says it"
    first = tool.description.partition("\n\n")[0].replace("\n", " ")
    assert re.fullmatch(r"[A-Z].*\.", first)
    assert len(tool.description) <= 1024


@pytest.mark.parametrize(("face", "tool"), OF_FACES)
def test_a_tool_of_a_face_has_a_scope_of_it_and_describes_every_argument(face, tool):
    assert tool.scope in face.scopes
    assert tool.family.org_types <= face.org_types
    for name, field in tool.takes.model_fields.items():
        assert field.description, name


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.operation_id)
def test_an_operation_of_rest_describes_every_argument(route):
    for name, field in route.tool.takes.model_fields.items():
        assert field.description, name


@pytest.mark.parametrize("tool", ALL, ids=lambda tool: tool.name)
def test_a_scope_that_reads_changes_nothing(tool):
    """A person may let a client have only such scopes."""
    assert tool.effect is Effect.READ or not tool.scope.endswith(":read")


@pytest.mark.parametrize("tool", ALL, ids=lambda tool: tool.name)
def test_no_input_schema_begins_with_a_choice(tool):
    schema = tool.takes.model_json_schema()
    assert not {"anyOf", "oneOf", "allOf"} & set(schema)


@pytest.mark.parametrize("function", [*FUNCTIONS, "the command line"])
def test_no_two_tools_of_one_face_share_a_name(function):
    families = SERVED.get(function, COMMANDS)
    names = [tool.name for family in families for tool in family.tools]
    assert len(names) == len(set(names))


def test_a_family_is_called_what_its_module_is_called():
    for family in FAMILIES:
        module = family.tools[0].run.__module__.rpartition(".")[2]
        assert family.name in (module, f"own_{module}")


def test_a_tool_that_reads_is_idempotent():
    assert all(tool.idempotent for tool in ALL if tool.effect is Effect.READ)


@pytest.mark.anyio
@pytest.mark.parametrize("face", MCP, ids=lambda face: face.name)
async def test_a_face_shows_what_its_snapshots_say(tmp_path, face):
    further = {} if face.name == "partner" else {face.name: f"{ORIGIN}/{face.name}/mcp"}
    platform = Platform(tmp_path, faces=further)
    platform.organization("org", type=min(face.org_types))
    address = platform.settings.addresses[face.name]
    token = platform.token("org", scopes=face.scopes, audience=address)
    async with platform.http(token, face=face.name) as client:
        response = await client.post(address, json=message("tools/list"), headers=LEGACY)
    platform.close()
    tools = response.json()["result"]["tools"]
    for tool in tools:
        same_as_snapshot(f"{face.name}/{tool['name']}.json", tool)
    encoded = orjson.dumps(tools)
    size = {"tools": len(tools), "bytes": len(encoded), "tokens": tokens(encoded)}
    same_as_snapshot(f"{face.name}/size.json", size)


def test_the_openapi_document_is_what_its_snapshot_says():
    app = App(Settings())
    studio = ingest.ingest_host(app, Runner(app))
    for name, host in (("api", api_host(app)), ("studio", studio)):
        same_as_snapshot(f"{name}/openapi.json", orjson.loads(host._document()))


def test_every_module_that_declares_tools_is_served_somewhere():
    served = {tool.run.__module__ for tool in ALL}
    assert {*declaring()} == served
