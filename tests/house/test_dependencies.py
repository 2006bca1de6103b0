"""What is imported is declared, and what is declared is pinned with hashes that name no place to get it from."""

import json
import re
import tomllib
from importlib.metadata import packages_distributions

import pytest

from tests.house.reading import ROOT, modules, told
from tests.house.test_imports import imported_packages
from tests.supply import sbom

project = tomllib.loads((ROOT / "pyproject.toml").read_text())
FOR_THE_PROGRAM = project["project"]["dependencies"]
FOR_TESTS = FOR_THE_PROGRAM + project["dependency-groups"]["dev"]


def plain(name: str) -> str:
    return re.split(r"[^A-Za-z0-9._-]", name)[0].lower().replace("_", "-").replace(".", "-")


@pytest.mark.parametrize(("under", "declared"), [("webapp", FOR_THE_PROGRAM), ("tests", FOR_TESTS)])
def test_every_imported_package_is_declared(under: str, declared: list[str]) -> None:
    known = {plain(name) for name in declared}
    brings = packages_distributions()
    broken = [
        f"{module.place} imports {package}"
        for module in modules(under)
        for package in sorted(imported_packages(module))
        if not known & {plain(name) for name in brings.get(package, [])}
    ]
    assert not broken, told(
        broken, "Declare it in pyproject.toml (say why in the commit) and run: make lock"
    )


@pytest.mark.parametrize(("lock", "declared"), [("run", FOR_THE_PROGRAM), ("dev", FOR_TESTS)])
def test_every_declared_package_is_locked(lock: str, declared: list[str]) -> None:
    text = (ROOT / "requirements" / f"{lock}.txt").read_text()
    locked = {plain(name) for name in re.findall(r"^([\w.-]+(?:\[\w+\])?)==", text, re.MULTILINE)}
    missing = sorted({plain(name) for name in declared} - locked)
    assert not missing, told(missing, "Run: make lock")


@pytest.mark.parametrize("lock", ["build", "run", "dev"])
def test_locks_hold_hashes_and_no_addresses(lock: str) -> None:
    text = (ROOT / "requirements" / f"{lock}.txt").read_text()
    pins = re.split(r"\n(?=\S)", text)
    assert all("--hash=sha256:" in pin for pin in pins if "==" in pin)
    assert not re.search(r"https?:|file:|--index|--find-links|/\w+/\w+/", text), "Run: make lock"


def test_the_bill_of_materials_is_that_of_the_lock() -> None:
    """S16: what the program is made of can be told at any time."""
    assert sbom.FILE.read_text() == sbom.made(), "The lock has changed. Run: make sbom"


def test_the_bill_of_materials_names_every_pin_and_its_hashes() -> None:
    listed = {each["name"]: each for each in json.loads(sbom.made())["components"]}
    pins = re.findall(r"^([\w.-]+)(?:\[[\w,-]+\])?==", (ROOT / "requirements/run.txt").read_text(), re.MULTILINE)  # fmt: skip
    assert set(pins) <= set(listed)
    assert all(each["hashes"] for each in listed.values())
    assert "htmx" in listed
