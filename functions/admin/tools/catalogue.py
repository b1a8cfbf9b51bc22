"""The tools themselves: listed, described, checked, counted. Everything comes from declarations."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Annotated, Any, Final, Literal

import orjson
from pydantic import Field

from functions.admin.arguments import Nothing
from functions.admin.describing import (
    Parameter,
    category,
    fields,
    needs_confirm,
    own,
    parameters,
    risk_of,
)
from functions.admin.tools import (
    access,
    analytics,
    changes,
    entities,
    jobs,
    navigation,
    schema,
    session,
    tenants,
)
from shared.auth.faces import ADMIN
from shared.auth.usage import TOOK
from shared.errors import Problem
from shared.near import near
from shared.refusals import wrong_fields
from shared.serve.schema import schema as schema_of
from shared.spelling import Case
from shared.tool import Args, Call, Effect, Family, Result, Risk, Tool

family = Family("catalogue", org_types=ADMIN.org_types)
FAMILIES: Final = (
    session.family,
    access.family,
    tenants.family,
    schema.family,
    entities.family,
    changes.family,
    navigation.family,
    analytics.family,
    jobs.family,
    family,
)
"""Everything that the face serves."""
_DAYS: Final = {"day": 1, "week": 7, "month": 30}
_TOP: Final = 10


class ToolInfo(Result):
    """A tool; an argument with ? may be left out."""

    name: str
    category: str
    description: str
    risk: str
    needs_confirm: bool
    parameters: list[str]


class ListTools(Args):
    """Of which category."""

    category: Annotated[str, Field(max_length=100, description="One category alone.")] = ""


class ToolList(Result):
    """Tools by category."""

    total_tools: int
    categories: dict[str, int]
    category_filter: str
    tools: list[ToolInfo]


@family.tool(scope="admin:read", effect=Effect.READ, risk=Risk.LOW, title="List tools")
def list_available_tools(call: Call, args: ListTools) -> ToolList:
    """List the tools of this server in one line each, with their risk and arguments."""
    del call
    counted = Counter(category(tool) for tool in tools().values())
    if args.category and args.category.lower() not in counted:
        raise _unknown("category", args.category, counted, "category")
    shown = [each for each in tools().values() if args.category.lower() in ("", category(each))]
    return ToolList(
        total_tools=len(shown),
        categories=dict(counted),
        category_filter=args.category,
        tools=[
            ToolInfo(
                name=each.name,
                category=category(each),
                description=each.description.partition("\n\n")[0].replace("\n", " "),
                risk=risk_of(each),
                needs_confirm=needs_confirm(each),
                parameters=[
                    f"{name}{'' if field.is_required() else '?'}"
                    for name, field in fields(each).items()
                ],
            )
            for each in shown
        ],
    )


class WhichTool(Args):
    """Which tool."""

    tool_name: Annotated[str, Field(max_length=100, description="The tool's name.")]


class ToolDetails(Result):
    """A tool as it is declared."""

    name: str
    category: str
    description: str
    risk: str
    needs_confirm: bool
    least_role: str
    scope: str
    is_read_only: bool
    is_idempotent: bool
    parameters: list[Parameter]
    required_parameters: list[str]
    optional_parameters: list[str]
    returns: list[str]


@family.tool(scope="admin:read", effect=Effect.READ, risk=Risk.LOW, title="Get a tool's details")
def get_tool_details(call: Call, args: WhichTool) -> ToolDetails:
    """Get one tool as it is declared: arguments with types, risk, role, scope, what it answers."""
    del call
    tool = _tool(args.tool_name)
    declared = list(parameters(tool))
    return ToolDetails(
        name=tool.name,
        category=category(tool),
        description=tool.description,
        risk=risk_of(tool),
        needs_confirm=needs_confirm(tool),
        least_role=tool.least_role.word,
        scope=tool.scope,
        is_read_only=tool.effect is Effect.READ,
        is_idempotent=tool.idempotent,
        parameters=declared,
        required_parameters=[each.name for each in declared if not each.is_optional],
        optional_parameters=[each.name for each in declared if each.is_optional],
        returns=list(schema_of(tool.output, mode="out")["properties"]),
    )


class ValidateParameters(WhichTool):
    """What a tool would be called with."""

    parameters: Annotated[
        str, Field(max_length=100_000, description="The arguments as a JSON text.")
    ]


class Summary(Result):
    """What checking arguments came to."""

    total_provided: int
    required_missing: list[str]
    unknown_params: list[str]
    recommendation: str


class Wrong(Result):
    """An argument that does not fit."""

    path: str
    message: str


class Validated(Result):
    """Whether a tool could be called so."""

    is_valid: bool
    tool_name: str
    provided_parameters: list[str]
    errors: list[Wrong]
    warnings: list[str]
    summary: Summary


@family.tool(scope="admin:read", effect=Effect.READ, risk=Risk.LOW, title="Check arguments")
def validate_tool_parameters(call: Call, args: ValidateParameters) -> Validated:
    """Check arguments as a call would: names, types, limits. Nothing is run, nothing looked up.

    What a type declares, and what is stored, is checked only by the call itself.
    """
    del call
    tool = _tool(args.tool_name)
    given = _json(args.parameters)
    takes = fields(tool)
    known = takes.keys() | tool.takes.model_fields.keys()
    unknown = [name for name in given if name not in known]
    errors = list(_errors(tool, {name: given[name] for name in given if name in known}))
    errors += [
        Wrong(path=name, message=f"Did you mean {' or '.join(meant)}?")
        for name in unknown
        if (meant := near(name, takes))
    ]
    there = {*given} | {field.alias or "" for name, field in own(tool).items() if name in given}
    missing = [n for n, field in takes.items() if field.is_required() and n not in there]
    return Validated(
        is_valid=not errors,
        tool_name=tool.name,
        provided_parameters=list(given),
        errors=errors,
        warnings=[f"{name} is not known and would be ignored." for name in unknown],
        summary=Summary(
            total_provided=len(given),
            required_missing=missing,
            unknown_params=unknown,
            recommendation="Correct the errors." if errors else "The tool can be called so.",
        ),
    )


class RiskMetadata(Result):
    """How much a mistaken call of each tool can hurt."""

    risk_by_tool: dict[str, str]
    non_default_risk_by_tool: dict[str, str]
    confirm_tools: list[str]


@family.tool(scope="admin:read", effect=Effect.READ, risk=Risk.LOW, title="Get the tools' risks")
def get_tool_risk_metadata(call: Call, args: Nothing) -> RiskMetadata:
    """Get the risk of every tool, Low, Medium or High, and which need confirm: true."""
    del call, args
    risks = {name: risk_of(tool) for name, tool in tools().items()}
    return RiskMetadata(
        risk_by_tool=risks,
        non_default_risk_by_tool={
            name: risk for name, risk in risks.items() if risk != Risk.LOW.value.title()
        },
        confirm_tools=[name for name, tool in tools().items() if needs_confirm(tool)],
    )


class GetStatistics(Args):
    """Of which time."""

    time_range: Annotated[
        Literal["day", "week", "month"], Field(description="Today, 7 days or 30 days.")
    ] = "day"


class ToolCount(Result):
    """How often a tool was called, and how long it took on average (milliseconds)."""

    tool: str
    invocations: int
    failures: int
    average_response_time: float | None


class Statistics(Result):
    """What was counted of your organization's calls of these tools, in milliseconds and shares."""

    time_range: str
    generated_at: datetime
    total_invocations: int
    unique_tools: int
    average_response_time: float | None
    success_rate: float | None
    top_tools: list[ToolCount]
    category_breakdown: dict[str, int]
    error_stats: dict[str, int]


@family.tool(scope="admin:read", effect=Effect.READ, risk=Risk.LOW, title="Get statistics")
def get_tool_statistics(call: Call, args: GetStatistics) -> Statistics:
    """Get how often your organization called each tool, what went wrong, and how long it took.

    Counted for real, some seconds late; days are those of UTC.
    """
    calls, errors, took = _counted(call, _DAYS[args.time_range])
    total = sum(calls.values())
    failed = {name: sum(each.values()) for name, each in errors.items()}
    return Statistics(
        time_range=args.time_range,
        generated_at=call.now,
        total_invocations=total,
        unique_tools=len(calls),
        average_response_time=_mean(sum(took.values()), total),
        success_rate=(total - sum(failed.values())) / total if total else None,
        top_tools=[
            ToolCount(
                tool=name,
                invocations=count,
                failures=failed.get(name, 0),
                average_response_time=_mean(took[name], count),
            )
            for name, count in calls.most_common(_TOP)
        ],
        category_breakdown=dict(
            sum(
                (Counter({category(tools()[name]): n}) for name, n in calls.items()),
                Counter[str](),
            )
        ),
        error_stats=dict(sum(errors.values(), Counter[str]())),
    )


def _counted(call: Call, days: int) -> tuple[Counter[str], dict[str, Counter[str]], Counter[str]]:
    """Calls by tool, failures by tool and code, and microseconds by tool."""
    paths = [
        f"usage/{call.caller.org}:{call.now.date() - timedelta(days=back):%Y%m%d}"
        for back in range(days)
    ]
    calls: Counter[str] = Counter()
    errors: dict[str, Counter[str]] = {}
    took: Counter[str] = Counter()
    for found in call.app.documents.get_many(paths).values():
        for name, count in found.data.items():
            timed = name.startswith(TOOK)
            surface, _, rest = name.removeprefix(TOOK).partition("__")
            tool, _, outcome = rest.partition("__")
            if surface != ADMIN.surface or tool not in tools():
                continue
            if timed:
                took[tool] += count
                continue
            calls[tool] += count
            if outcome != "ok":
                errors.setdefault(tool, Counter())[outcome] += count
    return calls, errors, took


def _by_category(calls: Mapping[str, int]) -> Counter[str]:
    found: Counter[str] = Counter()
    for name, count in calls.items():
        found[category(tools()[name])] += count
    return found


def _mean(microseconds: int, count: int) -> float | None:
    return round(microseconds / count / 1000, 3) if count else None


@cache
def tools() -> Mapping[str, Tool[Any]]:
    """Every tool of the face by its name: the one registry that all of this is made from."""
    return {tool.name: tool for each in FAMILIES for tool in each.tools}


def _tool(name: str) -> Tool[Any]:
    found = tools().get(name)
    if found is None:
        raise _unknown("tool", name, tools(), "toolName")
    return found


def _unknown(noun: str, name: str, known: Mapping[str, Any], path: str) -> Problem:
    meant = near(name, known)[:3] or sorted(known)[:_TOP]
    message = f"There is no {noun} {name!r}. There are {', '.join(meant)}."
    return Problem("not_found", message, errors=[{"path": path, "message": message}])


def _json(text: str) -> dict[str, Any]:
    try:
        given = orjson.loads(text)
    except orjson.JSONDecodeError:
        given = None
    if not isinstance(given, dict):
        raise Problem(
            "invalid", "Give the arguments as the text of a JSON object.", field="parameters"
        )
    return given


def _errors(tool: Tool[Any], given: Mapping[str, Any]) -> Iterator[Wrong]:
    try:
        tool.parse(given, Case.CAMEL)
    except Problem as problem:
        for each in wrong_fields(problem.details["errors"]):
            yield Wrong(**each)
