"""Operations on the keys we sign access tokens with and seal client ids and refresh tokens with.

A rotation is three steps, each safe to stop after: a next key is published ahead of
its use, so that whoever keeps our key set for a while has it; then it signs, and the one before is
still published; then that one is removed, once no token it signed can be alive. Sealing keys are
never removed in a rotation, since ids of clients last for ever; revoking a ring removes them all.
"""

import secrets as random
from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Final, Literal

from pydantic import Field

from shared.auth.keyring import (
    SEALING,
    SEALS,
    SIGNING,
    KeyRings,
    Role,
    SealingRing,
    SigningKey,
    SigningRing,
    new_signing_key,
    store_signing,
)
from shared.errors import Problem
from shared.ports.documents import ABSENT, Put
from shared.tool import Args, Call, Effect, Family, Result, Risk

family = Family("signing_keys", org_types=frozenset({"operator"}))

AHEAD: Final = 900.0
"""Seconds a next key is published before it may sign: three times what caches may keep."""
SKEW: Final = 60.0
SPREAD: Final = 2 * KeyRings.SECONDS
"""Seconds until every instance has read a changed ring."""


class KeyView(Result):
    """A signing key without its private half. `since` is when it took its role, epoch seconds."""

    kid: str
    role: Role
    since: float


class RingView(Result):
    """The keys of a deployment: those that sign, and how many seal."""

    signing: list[KeyView]
    sealing: int
    next_sealing_key: bool


@family.tool(scope="identity:read", effect=Effect.READ, risk=Risk.LOW, title="List signing keys")
def list_signing_keys(call: Call, args: Args) -> RingView:
    """List the signing keys by role, and say how many sealing keys there are."""
    del args
    return _view(call)


@family.tool(
    scope="identity:write", effect=Effect.WRITE, risk=Risk.MEDIUM, title="Publish a next key"
)
def create_next_signing_key(call: Call, args: Args) -> RingView:
    """Publish the key that will sign next. Promote it a quarter of an hour later or more."""
    del args

    def add(ring: SigningRing) -> SigningRing:
        if _of(ring, "next"):
            raise Problem("conflict", "There is a next key already. Promote it, or revoke it.")
        fresh = replace(new_signing_key("next"), since=call.app.clock.time())
        return SigningRing((fresh, *ring.keys))

    return _signing(call, "signing_key.published", add)


@family.tool(
    scope="identity:write", effect=Effect.WRITE, risk=Risk.HIGH, title="Sign with the next key"
)
def promote_signing_key(call: Call, args: Args) -> RingView:
    """Let the next key sign from now on. The one before stays published for its last tokens."""
    del args
    now = call.app.clock.time()

    def promote(ring: SigningRing) -> SigningRing:
        fresh = _of(ring, "next")
        if fresh is None:
            raise Problem("conflict", "There is no next key. Publish one first.")
        _wait(fresh.since + AHEAD - now, "Caches may not have the next key yet.")
        roles: dict[Role, Role] = {"next": "current", "current": "previous"}
        return SigningRing(
            tuple(
                replace(key, role=roles[key.role], since=now) if key.role in roles else key
                for key in ring.keys
            )
        )

    return _signing(call, "signing_key.promoted", promote)


@family.tool(
    scope="identity:write", effect=Effect.DESTROY, risk=Risk.MEDIUM, title="Remove previous keys"
)
def retire_signing_key(call: Call, args: Args) -> RingView:
    """Remove previous keys, once no token they signed can be alive."""
    del args
    now = call.app.clock.time()
    lifetime = call.app.settings.access_seconds + SKEW + SPREAD

    def retire(ring: SigningRing) -> SigningRing:
        previous = [key for key in ring.keys if key.role == "previous"]
        if not previous:
            raise Problem("conflict", "There is no previous key.")
        youngest = max(key.since for key in previous)
        _wait(youngest + lifetime - now, "Tokens of the previous key may be alive.")
        return SigningRing(tuple(key for key in ring.keys if key.role != "previous"))

    return _signing(call, "signing_key.retired", retire)


class RevokeSigningKey(Args):
    """Which key."""

    kid: Annotated[str, Field(min_length=1, max_length=64, description="Its id.")]


@family.tool(
    scope="identity:write", effect=Effect.DESTROY, risk=Risk.HIGH, title="Revoke a signing key"
)
def revoke_signing_key(call: Call, args: RevokeSigningKey) -> RingView:
    """Remove a key that leaked. What it signed is refused within two minutes everywhere.

    If it was the current key, a new one signs at once; clients refresh and notice nothing.
    """

    def revoke(ring: SigningRing) -> SigningRing:
        if ring.key(args.kid) is None:
            raise Problem("not_found", "There is no signing key with that id.", kind="signing key")
        kept = tuple(key for key in ring.keys if key.kid != args.kid)
        if not any(key.role == "current" for key in kept):
            fresh = replace(new_signing_key("current"), since=call.app.clock.time())
            kept = (fresh, *kept)
        return SigningRing(kept)

    return _signing(call, "signing_key.revoked", revoke, kid=args.kid)


_SEALING_EVENTS: Final = {
    "prepare": "sealing_key.prepared",
    "promote": "sealing_key.promoted",
    "revoke": "sealing_key.revoked",
}


class RotateSealingKey(Args):
    """Which ring, which step."""

    ring: Annotated[
        Literal["sealing-keys", "cursor-keys", "portal-keys"],
        Field(description="What it seals: sign-in, cursors, or the portal's cookies and forms."),
    ] = SEALING
    step: Annotated[
        Literal["prepare", "promote", "revoke"],
        Field(
            description="prepare: accept a new key everywhere; promote: seal with it; revoke: the "
            "ring leaked, so nothing that was sealed before is accepted any more."
        ),
    ]


@family.tool(
    scope="identity:write", effect=Effect.WRITE, risk=Risk.HIGH, title="Rotate the sealing key"
)
def rotate_sealing_key(call: Call, args: RotateSealingKey) -> RingView:
    """Seal with a new key, in two steps. Earlier keys stay accepted: ids of clients last.

    Revoke where the ring was seen by somebody: within two minutes everything it sealed is refused.
    Of sign-in that ends refresh tokens and ids of clients, which register anew; of the portal who
    is signed in there; of cursors the walks that are under way.
    """
    ring = SealingRing.unpack(call.app.secrets.read(args.ring))
    now = call.app.clock.time()
    if args.step == "prepare":
        if ring.prepared:
            raise Problem("conflict", "A key is prepared already. Promote it.")
        changed = SealingRing((*ring.keys, random.token_bytes(32)), prepared=now)
    elif args.step == "revoke":
        changed = SealingRing((random.token_bytes(32),))
    else:
        if not ring.prepared:
            raise Problem("conflict", "No key is prepared. Prepare one first.")
        _wait(ring.prepared + SPREAD - now, "Instances may not have the prepared key yet.")
        changed = SealingRing((ring.keys[-1], *ring.keys[:-1]))
    _audit(call, args.ring, _SEALING_EVENTS[args.step])
    call.app.secrets.write(args.ring, changed.pack())
    return _view(call)


def _signing(
    call: Call, event: str, change: Callable[[SigningRing], SigningRing], **details: str
) -> RingView:
    changed = change(SigningRing.unpack(call.app.secrets.read(SIGNING)))
    _audit(call, SIGNING, event, **details)
    store_signing(call.app.secrets, changed)
    return _view(call)


def _audit(call: Call, name: str, event: str, **details: str) -> None:
    """Before the ring is written: of two operators at once, one gets a conflict."""
    path = f"rings/{name}"
    before = call.app.documents.get(path)
    put = Put(path, {"changedAt": call.now}, if_version=before.version if before else ABSENT)
    call.commit([put], event=event, target=name, **details)


def _of(ring: SigningRing, role: Role) -> SigningKey | None:
    return next((key for key in ring.keys if key.role == role), None)


def _wait(seconds: float, why: str) -> None:
    if seconds > 0:
        raise Problem(
            "conflict", f"{why} Wait {-int(-seconds // 1)} s.", retry_after=-int(-seconds // 1)
        )


def _view(call: Call) -> RingView:
    signing = SigningRing.unpack(call.app.secrets.read(SIGNING))
    sealing = [SealingRing.unpack(call.app.secrets.read(name)) for name in SEALS]
    return RingView(
        signing=[KeyView(kid=key.kid, role=key.role, since=key.since) for key in signing.keys],
        sealing=len(sealing[0].keys),
        next_sealing_key=any(ring.prepared > 0 for ring in sealing),
    )
