"""Extract the schemas of the providers for the resources `infra/` uses: `make provider-schema`.

HashiCorp's registry is not reachable from every machine, but the same schema is published on PyPI:
the CDK bindings `cdktn-provider-…` (MPL-2.0) are generated from it, one JavaScript module per
resource. Its `…ToHclTerraform` functions name every argument with its type, its `.d.ts` interfaces
say which are required, and its classes' getters are what the provider computes. The result is kept
in google_schema.json and time_schema.json, so that nothing is downloaded when tests run.
"""

import json
import re
import sys
import tarfile
from pathlib import Path

INFRA = Path(__file__).parents[2] / "infra"
TYPES = {"string": "string", "number": "number", "boolean": "bool", "any": "dynamic"}
FIELD = re.compile(
    r"^ +(\w+): \{\s+value: (.+?),\n\s+isBlock: (true|false),\s+type: \"(\w+)\",\s+"
    r"storageClassType: \"(\w+)\"",
    re.MULTILINE | re.DOTALL,
)
MAPPER = re.compile(r"(\w+)ToHclTerraform")
GIVEN = re.compile(r"\((?:struct|this)[!.]*\.?_?(\w+)")
FUNCTION = re.compile(
    r"^function (\w+)ToHclTerraform\(struct\) \{(.*?)^\}", re.MULTILINE | re.DOTALL
)
TOP = re.compile(r"^    synthesizeHclAttributes\(\) \{(.*?)^    \}", re.MULTILINE | re.DOTALL)
INTERFACE = re.compile(r"^export interface (\w+)[^{]*\{(.*?)^\}", re.MULTILINE | re.DOTALL)
MEMBER = re.compile(r"^    readonly (\w+)(\??):", re.MULTILINE)
GETTER = re.compile(r"this\.get(String|Number|Boolean|List|NumberList|StringMap)Attribute\('(\w+)'")
PART = re.compile(r"= new (\w+?)(List|Map|OutputReference)\(this, \"(\w+)\"")
MAP = re.compile(r"= new cdktn\.(String|Number|Boolean)Map\(this, \"(\w+)\"")
COMPUTED = {
    "String": "string",
    "Number": "number",
    "Boolean": "bool",
    "List": ["list", "string"],
    "NumberList": ["list", "number"],
    "StringMap": ["map", "string"],
}


class Module:
    """The generated module of one resource, data source, or the provider."""

    def __init__(self, script, declarations):
        self.script = script
        self.functions = {name.lower(): body for name, body in FUNCTION.findall(script)}
        self.required = {
            name.lower(): {field for field, optional in MEMBER.findall(body) if not optional}
            for name, body in INTERFACE.findall(declarations)
        }
        parts = re.split(r"^class (\w+) extends ", script, flags=re.MULTILINE)
        self.classes = dict(zip(parts[1::2], parts[2::2], strict=True))
        self.named = {name.lower(): name for name in self.classes}

    def schema(self):
        """Arguments and computed attributes, nested blocks within."""
        top = next(name for name, body in self.classes.items() if "tfResourceType" in body)
        config = f"{top.lower()}config"
        return self.block(TOP.search(self.classes[top]).group(1), config, top)

    def block(self, text, interface, class_name):
        found = {}
        for name, value, is_block, kind, storage in FIELD.findall(text):
            given = GIVEN.findall(value)[-1]
            required = given in self.required.get(interface, set())
            if is_block == "true":
                found[name] = self.nested(name, value, kind, required=required)
            else:
                found[name] = {"required": required, "type": simple(kind, storage)}
        for name, type_ in self.computed(class_name).items():
            found.setdefault(name, {"computed": True, "type": type_})
        if "id" in found:
            found["id"]["computed"] = True
        return found

    def nested(self, name, value, kind, *, required):
        mapper = MAPPER.search(value).group(1)
        struct = self.named.get(f"{mapper}outputreference".lower(), "")
        return {
            "required": required,
            "nesting": "single" if name == "timeouts" else kind if kind != "struct" else "list",
            "many": "listMapperHcl" in value,
            "block": self.block(self.functions[mapper.lower()], mapper.lower(), struct),
        }

    def computed(self, class_name, seen=()):
        body = self.classes.get(class_name, "")
        found = {name: COMPUTED[kind] for kind, name in GETTER.findall(body)}
        found |= {name: ["map", COMPUTED[kind]] for kind, name in MAP.findall(body)}
        for struct, kind, name in PART.findall(body):
            if struct not in seen:
                inner = self.computed(f"{struct}OutputReference", (*seen, struct))
                found[name] = ["map" if kind == "Map" else "list", ["object", inner]]
        return found


def simple(kind, storage):
    """A Terraform type (as its JSON) of an argument that is no block."""
    for word, collection in (("List", "set" if kind == "set" else "list"), ("Map", "map")):
        if storage.endswith(word):
            return [collection, TYPES[storage.removesuffix(word)]]
    return TYPES[storage]


def used(provider):
    """The resource types, and `data.` types, of the Terraform files."""
    text = "\n".join(path.read_text() for path in sorted(INFRA.rglob("*.tf")))
    resources = re.findall(rf'^resource "({provider}_\w+)"', text, re.MULTILINE)
    data = re.findall(rf'^data "({provider}_\w+)"', text, re.MULTILINE)
    return sorted({*resources, *(f"data.{name}" for name in data)})


def folder(type_):
    """The module's folder in the package."""
    bare = type_.removeprefix("data.").partition("_")[2].replace("_", "-")
    return f"data-google-{bare}" if type_.startswith("data.") else bare


def extract(provider, archive):
    """The schemas of the provider and of all types in use, from the package's archive."""
    wanted = {"provider": "provider", **{folder(type_): type_ for type_ in used(provider)}}
    scripts, declarations = {}, {}
    with tarfile.open(archive) as file:
        for member in file:
            parts = member.name.split("/")
            if parts[:2] != ["package", "lib"] or parts[2] not in wanted:
                continue
            into = declarations if member.name.endswith(".d.ts") else scripts
            if member.name.endswith((".js", ".d.ts")):
                text = file.extractfile(member).read().decode()
                into[parts[2]] = into.get(parts[2], "") + text
    missing = set(wanted) - set(scripts)
    if missing:
        sys.exit(f"not in the package: {', '.join(sorted(missing))}")
    schemas = {
        wanted[each]: Module(scripts[each], declarations[each]).schema() for each in sorted(scripts)
    }
    schemas["provider"] = {
        name: found
        for name, found in schemas["provider"].items()
        if not name.endswith("_custom_endpoint")
    }
    return schemas


if __name__ == "__main__":
    for path in sys.argv[1:]:
        name = re.search(r"provider-(\w+)@", path)[1]
        found = extract(name, path).items()
        lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in found)
        Path(__file__).with_name(f"{name}_schema.json").write_text(f"{{\n{lines}\n}}\n")
