"""Operators' operations as commands: one per tool, made from its declaration.

The command line is a host like the others: it runs tools through `invoke`, as an operator with
their own cloud credentials, and prints what comes back.
"""

import getpass
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, get_args, get_origin

import click
import orjson
from pydantic.fields import FieldInfo

from shared.app import App
from shared.auth.caller import Operator
from shared.catalog import catalogs
from shared.catalog.tools import withdrawal
from shared.entities import packaging
from shared.errors import Problem
from shared.identity import (
    address_review,
    audit,
    authorizations,
    grants,
    keys,
    organizations,
    pauses,
    service_accounts,
    sessions,
    signing_keys,
    tenant_roles,
    tenants,
)
from shared.invoke import Request, invoke
from shared.pipeline import destination_keys
from shared.serve.habits import of_text
from shared.settings import Settings
from shared.tool import Family, Progress, Tool, silently

FAMILIES: tuple[Family, ...] = (
    organizations.family,
    keys.family,
    grants.family,
    sessions.family,
    authorizations.family,
    service_accounts.family,
    signing_keys.family,
    tenant_roles.family,
    tenants.family,
    packaging.family,
    destination_keys.family,
    audit.family,
    pauses.family,
    address_review.family,
    catalogs.family,
    withdrawal.family,
)


def run(
    app: App, tool: Tool[Any], arguments: Mapping[str, Any], *, progress: Progress = silently
) -> Any:
    """Run an operation and return its JSON value. Raises the Problem it came to."""
    request = Request(Operator(getpass.getuser()), "cli", "command-line", progress)
    reply = invoke(tool, app, request, of_text(tool, arguments))
    if reply.problem is not None:
        raise reply.problem
    return orjson.loads(reply.body or b"null")


def show(value: Any) -> None:
    """Print a JSON value for people and programs."""
    click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())


def fail(problem: Problem) -> None:
    """Print a problem on stderr and leave with status 1."""
    shown = {"error": problem.code, "message": problem.message, **problem.details}
    click.echo(orjson.dumps(shown, option=orjson.OPT_INDENT_2, default=str).decode(), err=True)
    sys.exit(1)


@contextmanager
def acting(settings: Callable[[], Settings]) -> Iterator[App]:
    """The deployment that `settings` finds, for one command. A Problem is printed and ends it."""
    app = App(settings())
    try:
        yield app
    except Problem as problem:
        fail(problem)
    finally:
        app.close()


def commands(settings: Callable[[], Settings]) -> list[click.Command]:
    """A command per operation, acting on the deployment that `settings` finds."""
    return [command_of(tool, settings) for family in FAMILIES for tool in family.tools]


def command_of(tool: Tool[Any], settings: Callable[[], Settings]) -> click.Command:
    """The command that runs one operation."""

    def callback(**given: Any) -> None:
        arguments = {name: value for name, value in given.items() if value is not None}
        with acting(settings) as app:
            show(run(app, tool, arguments))

    return click.Command(
        tool.name.replace("_", "-"),
        params=[_option(name, field) for name, field in tool.takes.model_fields.items()],
        help=tool.description,
        callback=callback,
    )


def _option(name: str, field: FieldInfo) -> click.Option:
    plain = _plain(field.annotation)
    return click.Option(
        [f"--{name.replace('_', '-')}", name],
        required=field.is_required(),
        type=str if plain else _JsonText(),
        help=field.description or ("" if plain else "JSON"),
    )


def _plain(annotation: Any) -> bool:
    """Whether a value of this type is written as plain text (numbers and times are coerced)."""
    parts = [part for part in get_args(annotation) if part is not type(None)]
    if get_origin(annotation) in (tuple, list, dict):
        return False
    return not any(get_origin(part) in (tuple, list, dict) or not _plain(part) for part in parts)


class _JsonText(click.ParamType[Any]):
    """An option whose value is JSON."""

    name = "json"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The parsed value."""
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            self.fail("this is not JSON", param, ctx)
