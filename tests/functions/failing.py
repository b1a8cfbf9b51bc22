"""A tool that fails as nobody expects, for tests of what hosts make of it."""

from shared.tool import Args, Call, Effect, Family, Result, Risk

family = Family("failing", org_types=frozenset({"catalog_partner"}))


class Told(Args):
    """What it is told."""

    word: str = "nothing"


class Nothing(Result):
    """It never answers."""


@family.tool(scope="catalog:read", effect=Effect.READ, risk=Risk.LOW, title="Fail")
def fail_hard(call: Call, args: Told) -> Nothing:
    """Fail in a way nobody expects, quoting what it was told."""
    raise RuntimeError(f"the word was {args.word}")
