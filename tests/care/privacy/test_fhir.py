"""The FHIR R4 form of one's own copy: what the standard asks of each resource holds, whatever is in it."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.care.attendance.standing import Standing
from webapp.care.privacy import fhir

NOW = datetime(2026, 3, 4, 18, tzinfo=UTC)
REQUIRED = {
    "Patient": {"id"},
    "Appointment": {"status", "participant", "start", "end"},
    "Encounter": {"status", "class", "subject"},
    "Communication": {"status", "subject"},
    "Consent": {"status", "scope", "category", "policyRule"},
    "Flag": {"status", "code", "subject"},
    "CarePlan": {"status", "intent", "subject"},
}
"""What R4 requires (cardinality 1..) of the resources used here; Consent needs a policy or policyRule (ppc-1)."""
instants = st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))
words = st.text(min_size=1, max_size=30)
seats = st.fixed_dictionaries(
    {
        "seat": st.integers(1, 9999), "kind": st.sampled_from(["group", "individual"]),
        "starts_at": instants, "given_back_at": st.none() | instants, "called_off": st.booleans(),
        "without_make_up": st.none() | st.sampled_from([each.value for each in fhir.APPOINTMENT]), "since": instants,
    }
).map(lambda seat: seat | {"ends_at": seat["starts_at"] + timedelta(minutes=50)})  # fmt: skip
records = st.fixed_dictionaries(
    {
        "made_at": st.just(NOW),
        "you": st.fixed_dictionaries(
            {"name": words, "email": st.none() | words, "phone": st.none() | words, "language": st.sampled_from(["en", "es"])}
        ),
        "sessions": st.lists(seats, max_size=4, unique_by=lambda seat: seat["seat"]),
        "make_ups": st.lists(st.fixed_dictionaries({"seat": st.integers(1, 9999), "by_seat": st.none() | st.integers(1, 9999), "way": words, "booked_at": instants, "done_at": st.none() | instants}), max_size=3, unique_by=lambda each: (each["seat"], each["booked_at"])),
        "absences": st.lists(st.fixed_dictionaries({"seat": st.integers(1, 9), "by_you": st.booleans(), "reported_at": instants, "reason": st.none() | words, "note": st.none() | words}), max_size=3),
        "writings": st.lists(st.fixed_dictionaries({"what": st.sampled_from(["message", "homework", "draft"]), "at": instants, "text": words}), max_size=3),
        "consents": st.lists(st.fixed_dictionaries({"recipient": words, "category": words, "signed_at": instants, "expires_at": instants, "taken_back_at": st.none() | instants}), max_size=3),
        "needs": st.lists(st.fixed_dictionaries({"need": words, "detail": st.none() | words, "since": instants, "until": st.none() | instants}), max_size=3),
        "backup_plans": st.lists(st.fixed_dictionaries({"written_at": instants, "place": words}), max_size=3),
    }
)  # fmt: skip


@given(records)
def test_every_resource_has_what_the_standard_requires(record):
    bundle = json.loads(json.dumps(fhir.bundle(record, "harbor/maya")))
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "collection")
    resources = [entry["resource"] for entry in bundle["entry"]]
    for each in resources:
        missing = [name for name in REQUIRED[each["resourceType"]] if not each.get(name)]
        assert not missing, (each["resourceType"], missing)
    urls = [entry["fullUrl"] for entry in bundle["entry"]]
    assert len(set(urls)) == len(urls)


def empties(value):
    """Whether an empty object, list or text stands anywhere: FHIR's JSON allows none (R4, 2.6.2)."""
    if isinstance(value, dict | list):
        within = value.values() if isinstance(value, dict) else value
        return not value or any(empties(each) for each in within)
    return value is None or value == ""


@given(records)
def test_it_has_no_empty_elements(record):
    assert not empties(fhir.bundle(record, "harbor/maya"))


@given(records)
def test_every_reference_leads_to_the_patient_or_an_appointment_of_the_bundle_or_names_one(record):
    bundle = fhir.bundle(record, "harbor/maya")
    patient = bundle["entry"][0]["fullUrl"]
    for entry in bundle["entry"][1:]:
        each = entry["resource"]
        subject = each.get("subject") or each.get("patient") or each["participant"][0]["actor"]
        assert subject == {"reference": patient}


@pytest.mark.parametrize("standing", [each for each in Standing if each is not Standing.MADE_UP])
def test_every_standing_has_a_status_of_the_standard(standing):
    assert fhir.APPOINTMENT[standing] in {"booked", "fulfilled", "cancelled", "noshow"}


def test_a_consent_that_was_taken_back_is_inactive():
    consent = {"recipient": "H", "category": "reminders", "signed_at": NOW - timedelta(days=2), "expires_at": NOW + timedelta(days=9), "taken_back_at": NOW - timedelta(days=1)}  # fmt: skip
    empty = {"made_at": NOW, "you": {"name": "M", "email": None, "phone": None, "language": "en"}, "sessions": [], "make_ups": [], "absences": [], "writings": [], "needs": [], "backup_plans": []}  # fmt: skip
    told = fhir.bundle(empty | {"consents": [consent]}, "harbor/maya")["entry"][1]["resource"]
    assert told["status"] == "inactive"
    assert told["provision"]["period"]["end"] == consent["taken_back_at"].isoformat()
