"""One operation, declared once as a typed function.

A tool does not know how it is served; a host does not know what it serves. How one runs is in
`shared.invoke`.
"""

import inspect
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from functools import cached_property
from types import MappingProxyType
from typing import (
    Annotated,
    Any,
    Final,
    Generic,
    NamedTuple,
    Protocol,
    TypeVar,
    cast,
    get_type_hints,
)

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from shared import log
from shared.app import App
from shared.auth.access import Access
from shared.auth.caller import Caller, Surface
from shared.auth.rate import Budget
from shared.auth.tenancy import Role
from shared.errors import Problem
from shared.exact import Exact
from shared.ports.documents import ABSENT, Put, Snapshot, Write
from shared.refusals import shown
from shared.spelling import Case


class Args(Exact):
    """What a tool takes. Unknown fields are refused; a host may take them out before."""

    model_config = ConfigDict(populate_by_name=True)


class Confirmed(Args):
    """What a tool takes that does nothing before it is confirmed.

    Without `confirm`, the tool's `plan` says what it would do.
    """

    confirm: Annotated[
        bool, Field(description="A person agreed to what the answer says it does.")
    ] = False


class Result(BaseModel):
    """What a tool answers with. The face chooses the letter case of its names."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, alias_generator=to_camel)


@dataclass(frozen=True, slots=True)
class Json:
    """A result that is JSON already; it goes to the wire as it is."""

    body: bytes


@dataclass(frozen=True, slots=True)
class Pending:
    """A result that is not the last: the host looks again while the caller waits.

    Attributes:
        value: what is so now.
        seconds: how long the caller waits at most.
        look: what is so by then, and whether that is the last. It is called now and then, so it
            does not wait itself.
    """

    value: Any
    seconds: float
    look: Callable[[], tuple[Any, bool]]


AUDIT_LINE: Final = "audit"
"""What log lines say that repeat an audit record."""


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


class Plan(NamedTuple):
    """What a tool would do: a sentence that begins with a verb, and numbers for a program."""

    does: str
    counts: Mapping[str, int] = MappingProxyType({})


Reads = Callable[[Any, Access], Iterable[str]]
Touched = Callable[[Any, str], Iterable[str]]


class Progress(Protocol):
    """Told what long work is doing, how many it has done so far, and of how many if known."""

    def __call__(self, doing: str, done: int, total: int | None = None) -> None:
        """So much is done."""


def silently(doing: str, done: int, total: int | None = None) -> None:
    """Progress nobody asked for."""
    del doing, done, total


class Call(NamedTuple):
    """One run of a tool: who calls, what its organization may do, what was read for it.

    `tenant` is whose data it is about, empty where it is about none; `role` the caller's there, or
    else in their organization.
    """

    app: App
    caller: Caller
    surface: Surface
    request_id: str
    now: datetime
    found: Mapping[str, Snapshot]
    organization: Access | None
    budget: Budget | None = None
    progress: Progress = silently
    tenant: str = ""
    role: Role = Role.VIEWER

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

        A log line says the same afterwards, for a copy that nobody can change (infra/audit.tf).
        """
        record = audit(self, event=event, target=target, org=org or self.caller.org, **details)
        self.app.documents.commit([*writes, record])
        say(record)


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


def say(record: Put) -> None:
    """Repeat an audit record, once it is written, as a log line."""
    log.line(AUDIT_LINE, id=record.path.partition("/")[2], **record.data)


@dataclass(frozen=True, eq=False)
class Tool(Generic[A]):
    """A declared operation. Made by `Family.tool`.

    No two are equal: what is kept for a tool is found by which one it is, in one step.

    Attributes:
        family: the family it belongs to.
        run: the function, always `(call, args)`.
        takes: its Args; the input schema.
        returns: a type pydantic can describe; the output schema.
        scope: what a token must carry.
        reads: which further documents the gate reads along, given args and access.
        role: the least role that may run it, where it says so.
        idempotent: running it twice is the same as once.
        open_world: it talks to systems that are not ours.
        streams: it may take long and tells its progress; a host may send that along.
        tenant: it is about one tenant, which the address names.
        plan: what it would do, for one that is to be confirmed first; None where these arguments
            need no confirmation.
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
    role: Role | None
    idempotent: bool
    open_world: bool
    streams: bool
    tenant: bool
    plan: Callable[[Call, Any], Plan | None] | None

    @cached_property
    def name(self) -> str:
        """The function's name."""
        return self.run.__name__

    @cached_property
    def description(self) -> str:
        """The function's docstring."""
        return inspect.cleandoc(self.run.__doc__ or "")

    @cached_property
    def least_role(self) -> Role:
        """Members of the operating organization look; changing the platform takes its owners.

        What a tool says itself comes first.
        """
        if self.role is not None:
            return self.role
        platform = self.family.org_types <= {"operator"}
        return Role.OWNER if platform and self.effect is not Effect.READ else Role.VIEWER

    @cached_property
    def output(self) -> TypeAdapter[Any]:
        """Describes and encodes what the tool returns."""
        return TypeAdapter(self.returns)

    @cached_property
    def _takes_camel(self) -> type[A]:
        config = ConfigDict(alias_generator=to_camel)
        return cast("type[A]", type(self.takes.__name__, (self.takes,), {"model_config": config}))

    def takes_in(self, case: Case) -> type[A]:
        """Its Args as a face of this letter case shows them."""
        return self.takes if case is Case.SNAKE else self._takes_camel

    def parse(self, arguments: Mapping[str, Any], case: Case = Case.SNAKE) -> A:
        """The typed arguments. Raises `invalid` with one entry per wrong field."""
        try:
            return self.takes_in(case).model_validate(arguments)
        except ValidationError as error:
            raise invalid_arguments(error.errors(include_url=False)) from None

    def encode(self, value: Any, case: Case = Case.CAMEL) -> bytes:
        """The value as compact JSON."""
        if isinstance(value, Json):
            return value.body
        return self.output.serializer.to_json(value, by_alias=case is Case.CAMEL)


def invalid_arguments(errors: Sequence[ErrorDetails]) -> Problem:
    """The problem that says which arguments do not fit, in pydantic's error form."""
    told = shown(errors)
    fields = "; ".join(
        f"{'.'.join(str(part) for part in item['loc']) or 'arguments'}: {item['msg']}"
        for item in told
    )
    more = f" ({len(errors) - len(told)} more are wrong)" if len(errors) > len(told) else ""
    return Problem(
        "invalid",
        f"The arguments do not fit: {fields}{more}. Correct them and call again.",
        errors=told,
    )


@dataclass(frozen=True, eq=False)
class Family:
    """Tools that belong together: one module, one kind of organization they are for.

    Attributes:
        name: the module's.
        org_types: whose people and programs may call them.
        free: calls draw nothing and are not counted: people must be able to manage their access
            also when an agent has used their organization's calls up.
        tenant: they are about one tenant, unless a tool says otherwise.
        toolset: what a connection is narrowed to them by; the name where it is not given.
        always: they are served however a connection was narrowed.
        touched: which documents of the tenant the gate reads along, given args and tenant.
    """

    name: str
    org_types: frozenset[str]
    free: bool = False
    tenant: bool = False
    toolset: str = ""
    always: bool = False
    touched: Touched | None = None
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
        role: Role | None = None,
        idempotent: bool = False,
        open_world: bool = False,
        streams: bool = False,
        tenant: bool | None = None,
        plan: Callable[[Call, Any], Plan | None] | None = None,
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
                    role=role,
                    idempotent=idempotent or effect is Effect.READ,
                    open_world=open_world,
                    streams=streams,
                    tenant=self.tenant if tenant is None else tenant,
                    plan=plan,
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
