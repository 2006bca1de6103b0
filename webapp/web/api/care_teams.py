"""`PUT /care-teams/{client}`: a client's counselor, supervisor and coordinator."""

from webapp import clock
from webapp.care.directory import teams
from webapp.care.directory.people import Kind
from webapp.web.api.contract import lookups, tokens
from webapp.web.api.contract.calls import call
from webapp.web.api.contract.shapes import Path, Ref, RequestBody, ResponseBody
from webapp.web.page.unit_of_work import store


class ClientPath(Path):
    client: Ref


class CareTeamIn(RequestBody):
    counselor: Ref | None
    supervisor: Ref | None
    coordinator: Ref | None


class CareTeamOut(ResponseBody):
    client: str
    counselor: str | None
    supervisor: str | None
    coordinator: str | None


@call(
    "PUT", "/care-teams/<client>", scope="roster", responses={200: CareTeamOut, 201: CareTeamOut},
    tag="Roster", example={"counselor": "carla", "supervisor": "susan", "coordinator": "cody"},
)  # fmt: skip
def put_care_team(path: ClientPath, body: CareTeamIn):  # type: ignore[no-untyped-def]
    """Set a client's care team: staff who have these roles, or null for nobody yet."""
    client = lookups.person(path.client, Kind.CLIENT)
    team = {
        role: lookups.optional_person(getattr(body, role), Kind.STAFF, field=role)
        for role in ("counselor", "supervisor", "coordinator")
    }
    _, new = teams.set_care_team(store, client, **team, by=tokens.actor(), now=clock.now())
    body_out = {"client": client.ref} | {
        role: person and person.ref for role, person in team.items()
    }
    return body_out, 201 if new else 200
