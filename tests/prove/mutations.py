"""Each line of the requirements (docs: SECURITY.md), broken on purpose: what to replace by what, and the tests that must then fail."""

from tests.prove import doors, machinery, privacy, reliability
from tests.prove.mutation import Mutation

BREAKS: tuple[Mutation, ...] = (
    *privacy.BREAKS, *doors.BREAKS, *machinery.BREAKS, *reliability.BREAKS,
)  # fmt: skip
LINES = (
    *(f"P{n}" for n in range(1, 13)), *(f"S{n}" for n in range(1, 20)), *(f"R{n}" for n in range(1, 14)), "R15",
)  # fmt: skip
WITHOUT = reliability.WITHOUT
