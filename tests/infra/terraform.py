"""Terraform on a copy of `infra/`, offline: what it says, and the deployment it would make."""

import json
import os
import shutil
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest

from shared.settings import Settings
from tests.infra.programs import package
from tests.infra.provider import Provider

ROOT = Path(__file__).parents[2]
PROVIDERS = ("google", "time")
PATIENCE = 120
"""Seconds one command may take; it takes five."""

ENVIRONMENT = os.environ  # noqa: TID251  the test run's own: where programs are, whether this is CI


def program(name):
    """The path of a program; without it the test fails in CI and is skipped elsewhere."""
    found = shutil.which(name)
    if found is None:
        reason = f"{name} is not installed"
        (pytest.fail if ENVIRONMENT.get("CI") else pytest.skip)(reason)
    return found


class Infra:
    """A copy of `infra/` and of the zips it deploys, in a folder of its own."""

    def __init__(self, folder):
        self.folder = folder / "infra"
        shutil.copytree(
            ROOT / "infra", self.folder, ignore=shutil.ignore_patterns("__pycache__", ".terraform*")
        )
        for name in package.functions():
            package.pack(name, folder / "build")

    def replace(self, file, before, after):
        """Break the copy. The text must be there, or nothing would be tested."""
        path = self.folder / file
        text = path.read_text()
        assert before in text, f"{before!r} is not in {file}"
        path.write_text(text.replace(before, after))

    def run(self, *arguments):
        """Run one command; its exit status and everything it printed."""
        with ExitStack() as stack:
            plugins = {
                f"registry.terraform.io/hashicorp/{name}": stack.enter_context(
                    Provider(schemas(name), self.folder.parent / f"{name}.sock")
                ).plugin
                for name in PROVIDERS
            }
            environment = {
                **ENVIRONMENT,
                "TF_REATTACH_PROVIDERS": json.dumps(plugins),
                "CHECKPOINT_DISABLE": "1",
                "TF_CLI_CONFIG_FILE": os.devnull,
                "TF_IN_AUTOMATION": "1",
            }
            for command in (("init", "-backend=false", "-input=false"), arguments):
                done = subprocess.run(
                    [program("terraform"), *command, "-no-color"],
                    cwd=self.folder,
                    env=environment,
                    capture_output=True,
                    text=True,
                    check=False,
                    timeout=PATIENCE,
                )
        return done.returncode, done.stdout + done.stderr

    def applied(self):
        """Every resource after `terraform test` has applied the whole against a mock."""
        status, output = self.run("test", "-json", "-verbose")
        lines = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
        wrong = [line["diagnostic"] for line in lines if line["type"] == "diagnostic"]
        assert status == 0, wrong
        states = [line["test_state"] for line in lines if line["type"] == "test_state"]
        return Deployment(states[0])


class Deployment:
    """The resources of a Terraform state."""

    def __init__(self, state):
        self.resources = list(_resources(state["root_module"]))
        self.outputs = {name: each["value"] for name, each in state["outputs"].items()}

    def all(self, type_):
        """The attributes of every resource of a type, by address."""
        return {
            each["address"]: each["values"]
            for each in self.resources
            if each["type"] == type_ and each["mode"] == "managed"
        }

    def functions(self):
        """The attributes of every function, by the name of its folder."""
        found = self.all("google_cloudfunctions2_function")
        return {address.split(".")[1]: values for address, values in found.items()}

    def settings(self, name):
        """What a function reads from its environment."""
        (service,) = self.functions()[name]["service_config"]
        return Settings.read(service["environment_variables"])


def schemas(name):
    """The schemas of a provider's resources that `infra/` uses."""
    return json.loads(Path(__file__).with_name(f"{name}_schema.json").read_text())


def _resources(module):
    yield from module.get("resources", ())
    for child in module.get("child_modules", ()):
        yield from _resources(child)
