"""The programs of `infra/`, which are no package's modules, and those that check them."""

import importlib.util
import sys
from pathlib import Path

INFRA = Path(__file__).parents[2] / "infra"


def program(name):
    """The module of `infra/<name>.py`."""
    spec = importlib.util.spec_from_file_location(name, INFRA / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def beside_python(name):
    """The path of a program that came with the tests' Python packages."""
    return str(Path(sys.executable).with_name(name))


costs = program("costs")
package = program("package")
smoke = program("smoke")
