"""Fixtures that need input before they answer: multi round-trip requests (SEP-2322).

A tool is a list of rounds; a round is the questions that must all be answered before the next. The
round a call is in travels in `requestState`, signed, because clients can write what they like.
"""

import hashlib
import hmac

import mcp_types as types
from mcp.shared.exceptions import MCPError
from mcp_types import CLIENT_CAPABILITIES_META_KEY, INVALID_PARAMS

KEY = b"known to this fixture alone"
CAPABILITY = {
    "elicitation/create": "elicitation",
    "sampling/createMessage": "sampling",
    "roots/list": "roots",
}


def form(message, name, kind="string"):
    schema = {"type": "object", "properties": {name: {"type": kind}}, "required": [name]}
    params = {"message": message, "requestedSchema": schema}
    return {"method": "elicitation/create", "params": params}


def sample(prompt):
    said = {"role": "user", "content": {"type": "text", "text": prompt}}
    return {"method": "sampling/createMessage", "params": {"messages": [said], "maxTokens": 100}}


NAME = {"user_name": form("What is your name?", "name")}
CONFIRM = {"confirm": form("Please confirm", "ok", "boolean")}
ROOTS = {"client_roots": {"method": "roots/list", "params": {}}}
TOOLS = {
    "test_input_required_result_elicitation": [NAME],
    "test_input_required_result_sampling": [
        {"capital_question": sample("What is the capital of France?")}
    ],
    "test_input_required_result_list_roots": [ROOTS],
    "test_input_required_result_request_state": [CONFIRM],
    "test_input_required_result_multiple_inputs": [
        {**NAME, "greeting": sample("Generate a greeting"), **ROOTS}
    ],
    "test_input_required_result_multi_round": [
        {"step1": form("Step 1: What is your name?", "name")},
        {"step2": form("Step 2: What is your favorite color?", "color")},
    ],
    "test_input_required_result_tampered_state": [CONFIRM],
    "test_input_required_result_capabilities": [{**NAME, "greeting": sample("Say hello")}],
    "test_streaming_elicitation": [NAME],
}
PROMPT = [{"user_context": form("What context should the prompt use?", "context")}]


def ask(ctx, params, rounds):
    """The answers as text and None, or None and the question to send."""
    at, answers = opened(params.request_state), params.input_responses
    able = ctx.params["_meta"][CLIENT_CAPABILITIES_META_KEY]

    def questions():
        return {
            key: question
            for key, question in rounds[at].items()
            if CAPABILITY[question["method"]] in able
        }

    if answers is not None and questions().keys() <= answers.keys():
        at += 1
    if at == len(rounds):
        return str({key: answer.model_dump(mode="json") for key, answer in answers.items()}), None
    return None, types.InputRequiredResult(input_requests=questions(), request_state=sealed(at))


def sealed(at):
    return f"{at}.{hmac.new(KEY, b'%d' % at, hashlib.sha256).hexdigest()}"


def opened(state):
    at = (state or sealed(0)).partition(".")[0]
    if state is not None and not (at.isdigit() and hmac.compare_digest(state, sealed(int(at)))):
        raise MCPError(INVALID_PARAMS, "Invalid requestState")
    return int(at)
