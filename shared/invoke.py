"""The one way a tool runs: authenticate -> authorize -> rate-limit -> validate -> run -> audit.

A host knows a credential, a tool and what it was sent; everything else is judged here.
"""

import errno
import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Generic, NamedTuple, TypeVar

from shared import log
from shared.app import App
from shared.auth.access import Access
from shared.auth.caller import Caller, Credential, Surface
from shared.auth.faces import FACES
from shared.auth.gate import Admitted
from shared.auth.rate import Budget, budget_of, served
from shared.auth.tenancy import Role, Tenancy, is_tenant_name
from shared.errors import Problem
from shared.spelling import PLAIN, Case, Spelling
from shared.tool import Args, Call, Confirmed, Pending, Plan, Progress, Tool, silently

A = TypeVar("A", bound=Args)
_OF_TENANTS: Final = frozenset(face.name for face in FACES if face.tenants)
"""Surfaces whose calls are counted for the tenant that they are about."""


class Request(NamedTuple):
    """What a host knows of a call before it runs. `tenant` is the one its address names."""

    credential: Credential
    surface: Surface
    request_id: str
    progress: Progress = silently
    tenant: str = ""
    spelling: Spelling = PLAIN


class Waiting(NamedTuple):
    """That a reply may be replaced by a later one, for so many seconds.

    `look` gives the newer body, and whether it is the last.
    """

    seconds: float
    look: Callable[[], tuple[bytes, bool]]


class Reply(NamedTuple):
    """What a run came to: JSON bytes, or a problem; and the budget where one was drawn on."""

    body: bytes | None = None
    problem: Problem | None = None
    budget: Budget | None = None
    waiting: Waiting | None = None


NOTHING: Final[tuple[str, ...]] = ()
NOBODY: Final[Mapping[str, Any]] = {}
Arguments = Mapping[str, Any] | Problem
"""What a host was handed for a tool, or why it could not be read."""


class Crashed(Exception):  # noqa: N818  a signal to the host, which answers `internal`
    """A run failed in a way nobody expected; the cause says how. `budget` is what was drawn."""

    def __init__(self, tool: str, budget: Budget | None) -> None:
        super().__init__(f"{tool} failed unexpectedly")
        self.tool = tool
        self.budget = budget


class Asked(Generic[A]):
    """A tool that shall run, and what with.

    One that is asked `aside`, for what another's answer is shown in, is not logged when it is fine.
    """

    def __init__(
        self,
        tool: Tool[A],
        arguments: Arguments,
        *,
        aside: bool = False,
        case: Case = Case.SNAKE,
    ) -> None:
        self.tool = tool
        self.aside = aside
        self._args: A | None = None
        self._wrong: Problem | None = None
        if isinstance(arguments, Problem):
            self._wrong = arguments
            return
        try:
            self._args = tool.parse(arguments, case)
        except Problem as wrong:
            wrong.drop_traceback()
            self._wrong = wrong

    def args(self, refusal: Problem | None) -> A:
        """The typed arguments. Raises the refusal, or what is wrong with them."""
        problem = refusal or self._wrong
        if problem is not None:
            raise problem
        if self._args is None:
            raise TypeError("arguments were neither read nor refused")
        return self._args

    def reads(self, access: Access, tenant: str) -> Iterable[str]:
        """Which documents the gate shall read along."""
        if self._args is None:
            return NOTHING
        own = self.tool.reads(self._args, access) if self.tool.reads else NOTHING
        touched = self.tool.family.touched
        if touched is None or not is_tenant_name(tenant):
            return own
        return (*own, *touched(self._args, tenant))


def invoke(tool: Tool[A], app: App, request: Request, arguments: Arguments) -> Reply:
    """Run a tool: this and `invoke_each` are the only ways one runs.

    Every expected failure comes back as the reply's problem. Arguments that could not be read are
    refused in their turn: after who is calling, and not for free. Anything nobody expected is
    raised as Crashed, after the call was logged and counted as `internal`.
    """
    asked = Asked(tool, arguments, case=request.spelling.arguments)
    return invoke_each((asked,), app, request)[0]


def invoke_each(asked: Sequence[Asked[Any]], app: App, request: Request) -> list[Reply]:
    """Run tools, one after the other, on one read of who is calling; each as `invoke` would.

    Each is authorized, limited, validated and logged by itself, save for one that is asked aside
    (see `Asked`). Who is refused at the gate is refused once: that reply is every tool's. For hosts
    that show several results at once.
    """
    admitted: Admitted | None = None

    def admit() -> Admitted:
        nonlocal admitted
        if admitted is None:
            admitted = app.gate.admit(
                request.credential,
                request.surface,
                lambda access: [
                    path for each in asked for path in each.reads(access, request.tenant)
                ],
                request.tenant,
            )
        return admitted

    replies = []
    for each in asked:
        replies.append(_run(each, app, request, admit))
        if admitted is None:
            return replies * len(asked)
    return replies


def _ran(tool: Tool[Any], call: Call, args: Any) -> Any:
    """What the tool gives. A full disk is `unavailable`, and somebody is told."""
    try:
        return tool.run(call, args)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        log.line("disk full", level=logging.ERROR, tool=tool.name, requestId=call.request_id)
        message = "There is no room here at the moment. Try again."
        raise Problem("unavailable", message) from error


def _run(asked: Asked[Any], app: App, request: Request, admit: Callable[[], Admitted]) -> Reply:
    started = time.perf_counter()
    tool = asked.tool
    caller: Caller | None = None
    admitted: Admitted | None = None
    budget: Budget | None = None
    outcome = "internal"
    try:
        admitted = admit()
        caller = admitted.caller
        refusal = _refusal(tool, caller, admitted.role)
        budget = _draw(app, tool, admitted, refused=refusal is not None)
        call, args = _prepared(asked, app, request, admitted, budget, refusal)
        reply = _reply(tool, _ran(tool, call, args), request.spelling.results, budget)
    except Problem as problem:
        outcome = problem.code
        return Reply(problem=problem, budget=budget or budget_of(problem))
    except Exception as error:
        raise Crashed(tool.name, budget) from error
    else:
        outcome = "ok"
        return reply
    finally:
        took = time.perf_counter() - started
        if caller is not None and caller.org and not tool.family.free:
            app.usage.count(caller, tool.name, outcome, took)
        if admitted is not None and isinstance(admitted.tenancy, Tenancy) and not tool.family.free:
            _measure(app, tool, request, admitted.tenancy.tenant, outcome)
        if not (asked.aside and outcome == "ok"):
            _log_call(tool, request, caller, outcome=outcome, took=took)


def _reply(tool: Tool[Any], value: Any, case: Case, budget: Budget | None) -> Reply:
    if not isinstance(value, Pending):
        return Reply(tool.encode(value, case), budget=budget)

    def look() -> tuple[bytes, bool]:
        newer, is_last = value.look()
        return tool.encode(newer, case), is_last

    return Reply(
        tool.encode(value.value, case), budget=budget, waiting=Waiting(value.seconds, look)
    )


def _refusal(tool: Tool[Any], caller: Caller, role: Role | None) -> Problem | None:
    """Why a caller may not run this tool, whatever it is called with; None where they may."""
    if caller.org_type not in tool.family.org_types:
        code = "api_key_org_type_forbidden" if caller.role == "key" else "forbidden"
        message = "Organizations of your type cannot use this operation."
        return Problem(code, message, reason="organization_type")
    if caller.scopes is not None and tool.scope not in caller.scopes:
        message = f"This operation needs the scope {tool.scope}. Ask for it and call again."
        wanted = sorted({*caller.scopes, tool.scope})
        return Problem("insufficient_scope", message, scopes=wanted)
    needed = tool.least_role
    if role is not None and role < needed:
        return Problem("forbidden", _too_low(needed, tool), reason="role", role=needed.word)
    return None


def _too_low(needed: Role, tool: Tool[Any]) -> str:
    if not tool.tenant:
        return "Only owners of your organization can do this."
    return f"This needs the role {needed.word} in the tenant. Ask one of its owners."


def _prepared(
    asked: Asked[A],
    app: App,
    request: Request,
    admitted: Admitted,
    budget: Budget | None,
    refusal: Problem | None,
) -> tuple[Call, A]:
    """What the tool is run with. Raises the refusal, or why these arguments do not run it.

    That no tenant is named comes after what is wrong with the arguments: one of them may be a slip
    for it. That a person has to confirm comes last.
    """
    tool, tenancy = asked.tool, admitted.tenancy
    args = asked.args(refusal or (tenancy if isinstance(tenancy, Problem) else None))
    if tool.tenant and tenancy is None:
        message = "This operation is about one tenant. Connect to its address: whoami lists them."
        raise Problem("tenant_required", message)
    call = Call(
        app=app,
        caller=admitted.caller,
        surface=request.surface,
        request_id=request.request_id,
        now=app.clock.now(),
        found=admitted.found,
        organization=admitted.access,
        budget=budget,
        progress=request.progress,
        tenant=request.tenant,
        role=admitted.role or Role.VIEWER,
    )
    if tool.plan is not None and isinstance(args, Confirmed) and not args.confirm:
        _confirm(tool.plan(call, args))
    return call, args


def _confirm(plan: Plan | None) -> None:
    if plan is None:
        return
    raise Problem(
        "confirmation_required",
        f"Not done yet. It would {plan.does} Ask the person, then call again with confirm: true.",
        counts=dict(plan.counts),
    )


def _draw(app: App, tool: Tool[Any], admitted: Admitted, *, refused: bool) -> Budget | None:
    """What the organization's budget is after this call. A call that may not run draws nothing.

    A tenant may have a budget of its own, which the call draws from as well.
    """
    caller, access, tenancy = admitted.caller, admitted.access, admitted.tenancy
    if access is None or tool.family.free:
        return None
    if refused:
        return app.rate.look(caller.org, access.rate)
    app.usage.see(caller)
    budget = served(app.rate.draw(caller.org, access.rate))
    if isinstance(tenancy, Tenancy) and tenancy.calls:
        served(app.rate.draw(f"tenant:{tenancy.tenant}", tenancy.calls), "tenant's")
    return budget


def _measure(app: App, tool: Tool[Any], request: Request, tenant: str, outcome: str) -> None:
    """Count a call that an assistant made about a tenant."""
    if request.surface in _OF_TENANTS:
        app.metrics.count(tenant, "mcp.tool_calls", tool=tool.name)
        if outcome != "ok":
            app.metrics.count(tenant, "mcp.tool_errors", tool=tool.name, code=outcome)


def _log_call(
    tool: Tool[Any], request: Request, caller: Caller | None, *, outcome: str, took: float
) -> None:
    who: Mapping[str, Any] = NOBODY
    if caller is not None:
        who = {"org": caller.org, "by": caller.subject, "client": caller.client}
    log.line(
        "call",
        tool=tool.name,
        surface=request.surface,
        outcome=outcome,
        **who,
        ms=int(took * 1_000_000) / 1000,
        requestId=request.request_id,
    )
