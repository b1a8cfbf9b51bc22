"""What every derived collection of a tenant holds: cards, and entries of endpoints."""

from typing import Final

from shared.app import App
from shared.engine.heads import CollectionName, Head
from shared.engine.projections import Defining, Projection
from shared.pipeline import card_projection, endpoint_projection
from shared.pipeline.configuration import CONFIGURATION


def projection_of(app: App, name: CollectionName, head: Head) -> Projection | None:
    """What a collection holds, by the configuration at a head or later."""
    return card_projection.projection_of(app, name, head) or endpoint_projection.projection_of(
        app, name, head
    )


DEFINING: Final = Defining(CONFIGURATION, projection_of)
