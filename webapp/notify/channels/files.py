"""Folders that stand in for a provider: whole files only, readable by their owner alone."""

import os
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Write the file so that no reader sees half of it; writing the same name again replaces it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}-{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    os.replace(draft, path)
