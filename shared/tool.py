"""One operation, declared once as a typed function, and the one way it runs.

A tool does not know how it is served; a host does not know what it serves. `invoke` is the only way
a tool runs: authenticate -> authorize -> rate-limit -> validate -> run -> audit.
"""

import inspect
import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from functools import cached_property
from typing import Any, Final, Generic, NamedTuple, TypeVar, get_type_hints

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from shared import log
from shared.app import App
from shared.auth.access import Access
from shared.auth.caller import Caller, Credential, Surface
from shared.auth.rate import Budget, budget_of, served
from shared.errors import Problem
from shared.ports import ABSENT, Put, Snapshot, Write


class Args(BaseModel):
    """What a tool takes. Unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Result(BaseModel):
    """What a tool answers with, in camelCase on the wire."""

    model_config = ConfigDict(
        frozen=True,
        populate_by_name=True,
        alias_generator=lambda name: (
            name.split("_")[0] + "".join(part.capitalize() for part in name.split("_")[1:])
        ),
    )


@dataclass(frozen=True, slots=True)
class Json:
    """A result that is JSON already; it goes to the wire as it is."""

    body: bytes


class Effect(Enum):
    """What running a tool does to the world."""

    READ = "read"
    WRITE = "write"
    DESTROY = "destroy"


class Risk(Enum):
    """How much a mistaken run can hurt."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


A = TypeVar("A", bound=Args)
Reads = Callable[[Any, Access], Iterable[str]]


Progress = Callable[[str, int], None]
"""Told what long work is doing, and how many it has done so far."""


def silently(doing: str, done: int) -> None:
    """Progress nobody asked for."""
    del doing, done


class Call(NamedTuple):
    """One run of a tool: who calls, what its organization may do, what was read for it."""

    app: App
    caller: Caller
    surface: Surface
    request_id: str
    now: datetime
    found: Mapping[str, Snapshot]
    organization: Access | None
    budget: Budget | None = None
    progress: Progress = silently

    @property
    def access(self) -> Access:
        """The caller's organization. Operators have none, and reach no tool that asks for it."""
        if self.organization is None:
            raise Problem("forbidden", "This operation belongs to an organization.")
        return self.organization

    def commit(
        self, writes: Sequence[Write], *, event: str, target: str, org: str = "", **details: Any
    ) -> None:
        """Commit a change together with its audit record: both, or neither.

        `event` is `noun.verb`; `target` is what changed; `org` whose history it belongs to, the
        caller's own by default. Details are JSON values without secrets. Raises Conflict.
        """
        record = audit(self, event=event, target=target, org=org or self.caller.org, **details)
        self.app.documents.commit([*writes, record])


def audit(call: Call, *, event: str, target: str, org: str, **details: Any) -> Put:
    """The write that records one change or security event in `audit/{id}`, append-only."""
    at = call.now
    return Put(
        f"audit/{at:%Y%m%dT%H%M%S%fZ}-{secrets.token_hex(4)}",
        {
            "at": at,
            "event": event,
            "target": target,
            "org": org,
            "by": call.caller.subject,
            "surface": call.surface,
            "requestId": call.request_id,
            "details": details,
        },
        if_version=ABSENT,
    )


@dataclass(frozen=True)
class Tool(Generic[A]):
    """A declared operation. Made by `Family.tool`.

    Attributes:
        family: the family it belongs to.
        run: the function, always `(call, args)`.
        takes: its Args; the input schema.
        returns: a type pydantic can describe; the output schema.
        scope: what a token must carry.
        reads: which further documents the gate reads along, given args and access.
        owners: of an organization's people, only its owners may run it.
        idempotent: running it twice is the same as once.
        open_world: it talks to systems that are not ours.
    """

    family: "Family"
    run: Callable[[Call, A], Any]
    takes: type[A]
    returns: Any
    scope: str
    effect: Effect
    risk: Risk
    title: str
    reads: Reads | None
    owners: bool
    idempotent: bool
    open_world: bool

    @property
    def name(self) -> str:
        """The function's name."""
        return self.run.__name__

    @cached_property
    def description(self) -> str:
        """The function's docstring."""
        return inspect.cleandoc(self.run.__doc__ or "")

    @cached_property
    def output(self) -> TypeAdapter[Any]:
        """Describes and encodes what the tool returns."""
        return TypeAdapter(self.returns)

    def parse(self, arguments: Mapping[str, Any]) -> A:
        """The typed arguments. Raises `invalid` with one entry per wrong field."""
        try:
            return self.takes.model_validate(arguments)
        except ValidationError as error:
            raise invalid_arguments(error.errors(include_url=False)) from None

    def encode(self, value: Any) -> bytes:
        """The value as compact JSON."""
        if isinstance(value, Json):
            return value.body
        return self.output.dump_json(value, by_alias=True)


def invalid_arguments(errors: Sequence[ErrorDetails]) -> Problem:
    """The problem that says which arguments do not fit, in pydantic's error form."""
    fields = "; ".join(
        f"{'.'.join(str(part) for part in item['loc']) or 'arguments'}: {item['msg']}"
        for item in errors
    )
    return Problem(
        "invalid",
        f"The arguments do not fit: {fields}. Correct them and call again.",
        errors=[dict(item) for item in errors],
    )


@dataclass(frozen=True)
class Family:
    """Tools that belong together: one module, one kind of organization they are for.

    Calls of `free` ones draw nothing and are not counted: people must be able to manage their
    access also when an agent has used their organization's calls up.
    """

    name: str
    org_types: frozenset[str]
    free: bool = False
    tools: list[Tool[Any]] = field(default_factory=list)

    def tool(
        self,
        *,
        scope: str,
        effect: Effect,
        risk: Risk,
        title: str,
        returns: Any = None,
        reads: Reads | None = None,
        owners: bool = False,
        idempotent: bool = False,
        open_world: bool = False,
    ) -> Callable[[Callable[[Call, A], Any]], Callable[[Call, A], Any]]:
        """Declare a function as a tool. Its name, docstring and types are the tool's."""

        def declare(run: Callable[[Call, A], Any]) -> Callable[[Call, A], Any]:
            hints = get_type_hints(run)
            self.tools.append(
                Tool(
                    family=self,
                    run=run,
                    takes=hints["args"],
                    returns=returns if returns is not None else hints["return"],
                    scope=scope,
                    effect=effect,
                    risk=risk,
                    title=title,
                    reads=reads,
                    owners=owners,
                    idempotent=idempotent or effect is Effect.READ,
                    open_world=open_world,
                )
            )
            return run

        return declare

    def __getitem__(self, name: str) -> Tool[Any]:
        """The tool of that name. Raises KeyError."""
        for tool in self.tools:
            if tool.name == name:
                return tool
        raise KeyError(name)

    def __hash__(self) -> int:
        return hash(self.name)


class Request(NamedTuple):
    """What a host knows of a call before it runs."""

    credential: Credential
    surface: Surface
    request_id: str
    progress: Progress = silently


class Reply(NamedTuple):
    """What a run came to: JSON bytes, or a problem; and the budget where one was drawn on."""

    body: bytes | None = None
    problem: Problem | None = None
    budget: Budget | None = None


NOTHING: Final[tuple[str, ...]] = ()
Arguments = Mapping[str, Any] | Problem
"""What a host was handed for a tool, or why it could not be read."""


class Crashed(Exception):  # noqa: N818  a signal to the host, which answers `internal`
    """A run failed in a way nobody expected; the cause says how. `budget` is what was drawn."""

    def __init__(self, tool: str, budget: Budget | None) -> None:
        super().__init__(f"{tool} failed unexpectedly")
        self.budget = budget


def invoke(tool: Tool[A], app: App, request: Request, arguments: Arguments) -> Reply:
    """Run a tool: the only way one runs.

    Every expected failure comes back as the reply's problem. Arguments that could not be read are
    refused in their turn: after who is calling, and not for free. Anything nobody expected is
    raised as Crashed, after the call was logged and counted as `internal`.
    """
    started = time.perf_counter()
    caller: Caller | None = None
    budget: Budget | None = None
    outcome = "internal"
    try:
        args, wrong = _parse(tool, arguments)
        admitted = app.gate.admit(
            request.credential,
            request.surface,
            lambda access: tool.reads(args, access) if tool.reads and args else NOTHING,
        )
        caller = admitted.caller
        refusal = _refusal(tool, caller)
        budget = _draw(app, tool, caller, admitted.access, refused=refusal is not None)
        args = _good(args, refusal or wrong)
        call = Call(
            app=app,
            caller=caller,
            surface=request.surface,
            request_id=request.request_id,
            now=app.clock.now(),
            found=admitted.found,
            organization=admitted.access,
            budget=budget,
            progress=request.progress,
        )
        body = tool.encode(tool.run(call, args))
        outcome = "ok"
        return Reply(body=body, budget=budget)
    except Problem as problem:
        outcome = problem.code
        return Reply(problem=problem, budget=budget or budget_of(problem))
    except Exception as error:
        raise Crashed(tool.name, budget) from error
    finally:
        if caller is not None and caller.org and not tool.family.free:
            app.usage.count(caller, tool.name, outcome)
        _log_call(tool, request, caller, outcome=outcome, took=time.perf_counter() - started)


def _parse(tool: Tool[A], arguments: Arguments) -> tuple[A | None, Problem | None]:
    if isinstance(arguments, Problem):
        return None, arguments
    try:
        return tool.parse(arguments), None
    except Problem as wrong:
        return None, wrong


def _good(args: A | None, problem: Problem | None) -> A:
    if problem is not None:
        raise problem
    if args is None:
        raise TypeError("arguments were neither read nor refused")
    return args


def _refusal(tool: Tool[Any], caller: Caller) -> Problem | None:
    if caller.org_type not in tool.family.org_types:
        code = "api_key_org_type_forbidden" if caller.role == "key" else "forbidden"
        message = "Organizations of your type cannot use this operation."
        return Problem(code, message, reason="organization_type")
    if caller.scopes is not None and tool.scope not in caller.scopes:
        message = f"This operation needs the scope {tool.scope}. Ask for it and call again."
        wanted = sorted({*caller.scopes, tool.scope})
        return Problem("insufficient_scope", message, scopes=wanted)
    if caller.role == "member" and _is_for_owners(tool):
        return Problem("forbidden", "Only owners of your organization can do this.", reason="role")
    return None


def _is_for_owners(tool: Tool[Any]) -> bool:
    """Members of the operating organization look; changing the platform takes its owners."""
    changes = tool.effect is not Effect.READ
    return tool.owners or (changes and tool.family.org_types <= {"operator"})


def _draw(
    app: App, tool: Tool[Any], caller: Caller, access: Access | None, *, refused: bool
) -> Budget | None:
    """What the budget is after this call. A call that may not run draws nothing."""
    if access is None or tool.family.free:
        return None
    if refused:
        return app.rate.look(caller.org, access.rate)
    return served(app.rate.draw(caller.org, access.rate))


def _log_call(
    tool: Tool[Any], request: Request, caller: Caller | None, *, outcome: str, took: float
) -> None:
    call: dict[str, Any] = {"tool": tool.name, "surface": request.surface, "outcome": outcome}
    if caller is not None:
        call |= {"org": caller.org, "by": caller.subject, "client": caller.client}
    log.line("call", **call, ms=round(took * 1000, 3), requestId=request.request_id)
