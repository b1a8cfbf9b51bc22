"""What the official conformance suite wants a server to have. Never ships.

Tools, prompts and resources are in the suite's own words (its scenarios' descriptions); they stand
behind the same server constructor and HTTP host as production's tools.
"""

import json

import mcp_types as types
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, MISSING_REQUIRED_CLIENT_CAPABILITY

from tests.e2e.conformance import asking

TOKEN_FILE = "conformance-token"
STUDIO_TOKEN_FILE = "conformance-studio-token"
ADMIN_TOKEN_FILE = "conformance-admin-token"
"""Where the bearer tokens for the hosts under test are, in their data folder."""
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsTj2FAAAAABJRU5ErkJggg=="
WAV = "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQIAAAAAAA=="


def text(value):
    return {"type": "text", "text": value}


def resource(uri, mime_type, **content):
    return {"uri": uri, "mimeType": mime_type, **content}


def complete(**result):
    return {"resultType": "complete", **result}


IMAGE = {"type": "image", "data": PNG, "mimeType": "image/png"}
CONTENT = {
    "test_simple_text": [text("This is a simple text response for testing.")],
    "test_image_content": [IMAGE],
    "test_audio_content": [{"type": "audio", "data": WAV, "mimeType": "audio/wav"}],
    "test_embedded_resource": [
        {
            "type": "resource",
            "resource": resource(
                "test://embedded-resource",
                "text/plain",
                text="This is an embedded resource content.",
            ),
        }
    ],
    "test_multiple_content_types": [
        text("Multiple content types test:"),
        IMAGE,
        {
            "type": "resource",
            "resource": resource(
                "test://mixed-content-resource",
                "application/json",
                text='{"test":"data","value":123}',
            ),
        },
    ],
    "json_schema_2020_12_tool": [text("Nothing but a schema.")],
    "test_x_mcp_header": [text("The header says what the body says.")],
}

SCHEMAS = {
    "test_x_mcp_header": {
        "type": "object",
        "properties": {"region": {"type": "string", "x-mcp-header": "Region"}},
    },
    "json_schema_2020_12_tool": {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {
            "address": {
                "$anchor": "addressDef",
                "type": "object",
                "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
            }
        },
        "properties": {
            "name": {"type": "string"},
            "address": {"$ref": "#/$defs/address"},
            "contactMethod": {"type": "string", "enum": ["phone", "email"]},
            "phone": {"type": "string"},
            "email": {"type": "string"},
        },
        "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
        "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
        "then": {"required": ["phone"]},
        "else": {"required": ["email"]},
        "additionalProperties": False,
    },
}


async def progress(ctx):
    for done in (0, 50, 100):
        await ctx.session.report_progress(done, 100)


async def logging(ctx):
    for line in ("Tool execution started", "Tool processing data", "Tool execution completed"):
        await ctx.session.send_log_message("info", line, related_request_id=ctx.request_id)


async def sampling(ctx):
    said = types.SamplingMessage(role="user", content=types.TextContent(text="Hello"))
    await ctx.session.create_message([said], max_tokens=100)


async def elicitation(ctx):
    await ctx.session.elicit_form("Who are you?", {"type": "object", "properties": {}})


TALKING = {
    "test_tool_with_progress": progress,
    "test_tool_with_logging": logging,
    "test_logging_tool": logging,
    "test_sampling": sampling,
    "test_elicitation": elicitation,
    "test_elicitation_sep1034_defaults": elicitation,
    "test_elicitation_sep1330_enums": elicitation,
}
"""Tools that turn to the client while they run, with notifications or (in vain) with questions."""

OTHERS = ("test_error_handling", "test_missing_capability")
TOOLS = (*CONTENT, *TALKING, *asking.TOOLS, *OTHERS)


async def list_tools(ctx, params):
    empty = {"type": "object"}
    return types.ListToolsResult(
        tools=[
            types.Tool(name=name, description=name, input_schema=SCHEMAS.get(name, empty))
            for name in TOOLS
        ]
    )


async def call_tool(ctx, params):
    name = params.name
    if name in CONTENT:
        return complete(content=CONTENT[name])
    if name in TALKING:
        await TALKING[name](ctx)
        return complete(content=[text("Said what there was to say.")])
    if name in asking.TOOLS:
        answers, question = asking.ask(ctx, params, asking.TOOLS[name])
        return question or complete(content=[text(f"state-ok {answers}")])
    if name == "test_missing_capability":
        missing = {"requiredCapabilities": {"sampling": {}}}
        raise MCPError(MISSING_REQUIRED_CLIENT_CAPABILITY, "This tool needs sampling", missing)
    if name == "test_error_handling":
        failure = text("This tool intentionally returns an error for testing")
        return complete(content=[failure], isError=True)
    raise MCPError(INVALID_PARAMS, f"Unknown tool: {name}")


RESOURCES = {
    "test://static-text": resource(
        "test://static-text",
        "text/plain",
        text="This is the content of the static text resource.",
    ),
    "test://static-binary": resource("test://static-binary", "image/png", blob=PNG),
}
TEMPLATE = "test://template/{id}/data"


async def list_resources(ctx, params):
    return types.ListResourcesResult(
        resources=[
            types.Resource(uri=uri, name=uri, description=uri, mime_type=found["mimeType"])
            for uri, found in RESOURCES.items()
        ]
    )


async def list_resource_templates(ctx, params):
    template = types.ResourceTemplate(uri_template=TEMPLATE, name="template", description=TEMPLATE)
    return types.ListResourceTemplatesResult(resource_templates=[template])


def read(content):
    return types.ReadResourceResult.model_validate({"contents": [content]})


async def read_resource(ctx, params):
    uri = str(params.uri)
    before, after = TEMPLATE.split("{id}")
    if uri.startswith(before) and uri.endswith(after):
        id_ = uri.removeprefix(before).removesuffix(after)
        data = json.dumps({"id": id_, "templateTest": True, "data": f"Data for ID: {id_}"})
        return read(resource(uri, "application/json", text=data))
    if uri not in RESOURCES:
        raise MCPError(INVALID_PARAMS, "Resource not found", {"uri": uri})
    return read(RESOURCES[uri])


async def nothing(ctx, params):
    return types.EmptyResult()


PROMPTS = {
    "test_simple_prompt": (),
    "test_prompt_with_arguments": ("arg1", "arg2"),
    "test_prompt_with_embedded_resource": ("resourceUri",),
    "test_prompt_with_image": (),
    "test_input_required_result_prompt": (),
}


async def list_prompts(ctx, params):
    return types.ListPromptsResult(
        prompts=[
            types.Prompt(
                name=name,
                description=name,
                arguments=[types.PromptArgument(name=each, required=True) for each in arguments],
            )
            for name, arguments in PROMPTS.items()
        ]
    )


async def get_prompt(ctx, params):
    given = params.arguments or {}
    if params.name == "test_input_required_result_prompt":
        answers, question = asking.ask(ctx, params, asking.PROMPT)
        if question:
            return question
        contents = [text(answers)]
    elif params.name == "test_simple_prompt":
        contents = [text("This is a simple prompt for testing.")]
    elif params.name == "test_prompt_with_arguments":
        said = f"Prompt with arguments: arg1='{given['arg1']}', arg2='{given['arg2']}'"
        contents = [text(said)]
    elif params.name == "test_prompt_with_embedded_resource":
        embedded = resource(
            given["resourceUri"], "text/plain", text="Embedded resource content for testing."
        )
        contents = [
            {"type": "resource", "resource": embedded},
            text("Please process the embedded resource above."),
        ]
    elif params.name == "test_prompt_with_image":
        contents = [IMAGE, text("Please analyze the image above.")]
    else:
        raise MCPError(INVALID_PARAMS, f"Unknown prompt: {params.name}")
    return complete(messages=[{"role": "user", "content": content} for content in contents])


async def complete_argument(ctx, params):
    return types.CompleteResult(completion=types.Completion(values=["paris", "park", "party"]))


HANDLERS = {
    "get_tool_input_schema": SCHEMAS.get,
    "on_list_tools": list_tools,
    "on_call_tool": call_tool,
    "on_list_resources": list_resources,
    "on_list_resource_templates": list_resource_templates,
    "on_read_resource": read_resource,
    "on_subscribe_resource": nothing,
    "on_unsubscribe_resource": nothing,
    "on_list_prompts": list_prompts,
    "on_get_prompt": get_prompt,
    "on_completion": complete_argument,
    "on_set_logging_level": nothing,
}
STREAMING = frozenset(TALKING)
