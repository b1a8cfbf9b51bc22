"""What a partner catalog would refuse of an endpoint, before there is one."""

from typing import Any, Final

from shared.pipeline.cards import CARDS
from shared.pipeline.destinations import DESTINATIONS, VERSIONS, Endpoint
from shared.pipeline.endpoint_content import selected
from shared.pipeline.endpoint_projection import entries_of
from shared.pipeline.endpoints import pinned
from shared.pipeline.products import Products
from shared.pipeline.workspace import Workspace
from shared.query.ast import Question

MOST_TRIED: Final = 500
"""Cards that are read as products: a draft is answered at once."""
_SAMPLES: Final = 5
_REASONS: Final = 3


def rejections(space: Workspace, endpoint: Endpoint) -> dict[str, Any]:
    """Of the first cards that it selects, how many are refused, and some with reasons.

    Empty without a catalog.
    """
    if endpoint.catalog is None:
        return {}
    configuration = space.configuration
    version = configuration.get(VERSIONS, endpoint.version).value
    destination = configuration.get(DESTINATIONS, version.destination).value
    endpoint = pinned(configuration, endpoint)
    card = configuration.get(CARDS, endpoint.card).value
    node = selected(configuration, card.content, endpoint.selection, space.call.now)
    heads = space.heads(endpoint.inputs)
    cards = endpoint.inputs[0]
    question = Question(node, limit=MOST_TRIED)
    answer = space.collections.ask(space.name(cards), question, heads[cards]).answer
    items = {item.key: item for item in answer.items}
    app = space.call.app
    made = entries_of(app, space.call.tenant, configuration, endpoint, destination)
    compute = made.gathered(heads, list(items), {cards: items})
    products = Products(configuration, endpoint, destination, space.call.now)
    bodies = ((key, body) for key in items if (body := compute(key)) is not None)
    refused = [each for each in products.every(bodies) if each.product is None]
    samples = [
        {"id": each.key, "reasons": list(each.reasons[:_REASONS])} for each in refused[:_SAMPLES]
    ]
    return {"catalog": {"tried": len(items), "rejected": len(refused), "samples": samples}}
