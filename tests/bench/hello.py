"""functions-framework's own async hello: the unit request costs are told in."""

import functions_framework.aio


@functions_framework.aio.http
async def hello(request):
    return {"hello": "world"}
