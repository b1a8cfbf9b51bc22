"""A function as it is deployed, but for gunicorn: one process, which valgrind can look into."""

import sys

import functions_framework.aio
import uvicorn

if __name__ == "__main__":
    source, target, port = sys.argv[1:]
    uvicorn.run(
        functions_framework.aio.create_asgi_app(target, source),
        host="127.0.0.1",
        port=int(port),
        log_level="error",
    )
