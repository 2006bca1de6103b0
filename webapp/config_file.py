"""`instance/config.py`: settings written down as Python, and what is said when one cannot be used."""

import runpy
from pathlib import Path


class SettingsError(Exception):
    """One or more settings cannot be used; each line names the setting and the remedy."""

    def __init__(self, complaints: list[str]) -> None:
        super().__init__("\n".join(complaints))
        self.complaints = complaints


def written_in(instance: Path) -> dict[str, str]:
    """What `instance/config.py` gives: its upper-case names; lists become comma-divided text."""
    path = instance / "config.py"
    if not path.exists():
        return {}
    try:
        written = runpy.run_path(str(path))
    except Exception as error:
        raise SettingsError([f"{path} cannot be read: {error}. Mend that line."]) from error
    return {
        name: ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
        for name, value in written.items()
        if name.isupper() and value not in (None, "")
    }
