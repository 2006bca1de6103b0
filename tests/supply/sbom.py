"""`make sbom`: what the program is made of, as CycloneDX 1.6, from the lock and the vendored scripts; always the same text.

No clock and no chance is in it, so a stale one is seen by comparing (tests/house/test_dependencies.py).
"""

import hashlib
import json
import re
import tomllib
import uuid
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "requirements" / "sbom.cdx.json"
PIN = re.compile(r"^([\w.-]+)(?:\[[\w,-]+\])?==(\S+?)(?:\s*;\s*(.+?))?\s*\\?$", re.MULTILINE)
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
VENDORED = re.compile(r"(?P<name>[a-z.-]+?)-(?P<version>\d+\.\d+\.\d+)\.min\.js")


def made() -> str:
    """The bill of materials as the tree stands."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    components = [*_packages(), *_scripts()]
    told: dict[str, Any] = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application", "bom-ref": project["name"], "name": project["name"],
                "version": project["version"],
            }
        },
        "components": components,
        "dependencies": [
            {"ref": project["name"], "dependsOn": [each["bom-ref"] for each in components]}
        ],
    }  # fmt: skip
    content = json.dumps(told, sort_keys=True)
    told["serialNumber"] = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, content)}"
    return json.dumps(told, indent=1, sort_keys=True) + "\n"


def _packages() -> list[dict[str, Any]]:
    lock = (ROOT / "requirements" / "run.txt").read_text()
    found = []
    for pin in re.split(r"\n(?=\S)", lock):
        if match := PIN.search(pin):
            name, version, marker = match.groups()
            purl = f"pkg:pypi/{name.lower().replace('_', '-')}@{version}"
            component: dict[str, Any] = {
                "type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl,
                "hashes": [{"alg": "SHA-256", "content": one} for one in sorted(HASH.findall(pin))],
            }  # fmt: skip
            if marker:
                component["properties"] = [{"name": "python:marker", "value": marker}]
            found.append(component)
    return sorted(found, key=lambda each: str(each["bom-ref"]))


def _scripts() -> list[dict[str, Any]]:
    found = []
    for path in sorted((ROOT / "static" / "vendor").glob("*.js")):
        match = VENDORED.fullmatch(path.name)
        assert match, f"call it NAME-1.2.3.min.js: {path.name}"
        purl = f"pkg:npm/{match['name']}.org@{match['version']}"
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        found.append(
            {
                "type": "library", "bom-ref": purl, "name": match["name"], "version": match["version"],
                "purl": purl, "hashes": [{"alg": "SHA-256", "content": digest}],
            }
        )  # fmt: skip
    return found


if __name__ == "__main__":
    FILE.write_text(made())
