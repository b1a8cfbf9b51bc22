"""`infra/package.py`, which is a program and no package's module."""

import importlib.util
from pathlib import Path

PATH = Path(__file__).parents[2] / "infra" / "package.py"
_spec = importlib.util.spec_from_file_location("package", PATH)
package = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(package)
