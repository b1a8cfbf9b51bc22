"""An owner's assistant for benchmarks: calls of tools in this process, and the engine's turns."""

import time

import orjson

from functions.studio.main import FAMILIES
from shared.auth.faces import STUDIO
from shared.invoke import Request, invoke

COMPUTING = ("/engine/projections", "/engine/jobs")
"""The turns that compute cards."""
TOOLS = {tool.name: tool for family in FAMILIES for tool in family.tools}


class Owner:
    """Of a tenant.

    Args:
        platform: whose queue it works on.
        token: an access token to the studio.
    """

    def __init__(self, platform, token, tenant):
        self.platform, self.tenant = platform, tenant
        self.token = platform.app.tokens.verify(token, STUDIO)
        self.aside = []

    def call(self, tool, **arguments):
        request = Request(self.token, "studio", "bench", tenant=self.tenant)
        reply = invoke(TOOLS[tool], self.platform.app, request, arguments)
        if reply.problem is not None:
            raise reply.problem
        return orjson.loads(reply.body)

    def drain(self, *only):
        """Do what the queue has; the CPU seconds of the turns that compute cards, and of jobs.

        `only`: these, and the rest is put aside.
        """
        cpu, queue = 0.0, self.platform.app.queue
        while (taken := queue.take()) is not None:
            queue.finish(taken)
            if only and taken.job not in only:
                self.aside.append(taken)
                continue
            began = time.process_time()
            self.platform.job(taken.job, taken.body)
            cpu += time.process_time() - began if taken.job in COMPUTING else 0.0
        return cpu
