"""The programs of `infra/`, which are no package's modules."""

import importlib.util
from pathlib import Path

INFRA = Path(__file__).parents[2] / "infra"


def program(name):
    """The module of `infra/<name>.py`."""
    spec = importlib.util.spec_from_file_location(name, INFRA / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


package = program("package")
smoke = program("smoke")
