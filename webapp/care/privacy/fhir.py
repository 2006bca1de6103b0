"""A client's own copy as an HL7 FHIR R4 Bundle (M33; https://hl7.org/fhir/R4). Pure: plain values in, plain values out.

Reminders, devices and sign-ins have no FHIR resource and are only in the plain JSON.
"""

import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from webapp.care.attendance.standing import Standing

FhirResource = dict[str, Any]
NAMESPACE = uuid.UUID("6f0c6c1e-6f0b-5a55-9f0e-2f6f1d7b8a51")
"""Namespace of the UUIDs made here, so that a thing has the same id in every export of an installation."""
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
APPOINTMENT = {
    Standing.EXPECTED: "booked",
    Standing.WAITING: "booked",
    Standing.UNKNOWN: "booked",
    Standing.ATTENDED: "fulfilled",
    Standing.PARTIAL: "fulfilled",
    Standing.EXCUSED: "cancelled",
    Standing.ABSENT_TOLD: "cancelled",
    Standing.CANCELLED: "cancelled",
    Standing.MISSED: "noshow",
}
"""Our standing, make-ups aside, → Appointment.status (the standard's own codes). A session that was missed and made up for is told as
missed; what made up for it is an Encounter."""


def bundle(record: dict[str, Any], ref: str) -> FhirResource:
    """Return a Bundle of type `collection` of what `own_copy.assemble` returned: Patient, Appointment, Encounter, Communication, Consent,
    Flag, CarePlan. `ref`: the client's reference, from which ids are made."""
    patient, subject = patient_of(record["you"], ref)
    resources = [
        patient,
        *(appointment(each, ref, subject) for each in record["sessions"]),
        *encounters(record["make_ups"], ref, subject),
        *_communications(record, ref, subject),
        *_consents(record, ref, subject),
        *_flags(record, ref, subject),
        *_care_plans(record, ref, subject),
    ]
    return collection(record["made_at"], resources)


def collection(made_at: datetime, resources: Iterable[FhirResource]) -> FhirResource:
    """Return these resources in a Bundle, without empty elements."""
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "timestamp": instant(made_at),
        "entry": [{"fullUrl": _urn(each), "resource": _lean(each)} for each in resources],
    }


def patient_of(you: dict[str, Any], ref: str) -> tuple[FhirResource, FhirResource]:
    """Return the Patient, and the reference to it for all other resources."""
    contact_points = [("email", you["email"]), ("phone", you["phone"])]
    patient = {
        "resourceType": "Patient",
        "id": made_id("Patient", ref),
        "name": [{"text": you["name"]}],
        "telecom": [
            {"system": system, "value": value} for system, value in contact_points if value
        ],
        "communication": [{"language": {"text": you["language"], "coding": [_language(you)]}}],
    }
    return patient, {"reference": _urn(patient)}


def _language(you: dict[str, Any]) -> dict[str, str]:
    return {"system": "urn:ietf:bcp:47", "code": you["language"]}


def appointment(seat: dict[str, Any], ref: str, subject: FhirResource) -> FhirResource:
    """Return the Appointment of one seat, as `own_copy.sessions` returns it."""
    status = APPOINTMENT[Standing(seat["without_make_up"] or Standing.EXPECTED)]
    if seat["given_back_at"] or seat["called_off"]:
        status = "cancelled"
    span = seat["ends_at"] - seat["starts_at"]
    return {
        "resourceType": "Appointment",
        "id": made_id("Appointment", f"{ref}/{seat['seat']}"),
        "status": status,
        "serviceType": [{"text": seat["kind"]}],
        "start": instant(seat["starts_at"]),
        "end": instant(seat["ends_at"]),
        "minutesDuration": max(1, int(span.total_seconds() // 60)),
        "created": instant(seat["since"]),
        "participant": [{"actor": subject, "status": "declined" if status == "cancelled" else "accepted"}],
    }  # fmt: skip


def encounters(
    make_ups: Iterable[dict[str, Any]], ref: str, subject: FhirResource
) -> Iterator[FhirResource]:
    """Yield an Encounter for each make-up that was held, as `own_copy.make_ups` returns them: it names the Appointment that was missed and,
    where it was a session, that one's own."""
    for each in make_ups:
        if each["done_at"]:
            seats = [seat for seat in (each["seat"], each["by_seat"]) if seat]
            yield {
                "resourceType": "Encounter",
                "id": made_id("Encounter", f"{ref}/make-up/{each['seat']}/{each['booked_at']}"),
                "status": "finished",
                "class": {"system": f"{TERMINOLOGY}/v3-ActCode", "code": "VR"},
                "type": [{"text": f"make-up: {each['way']}"}],
                "subject": subject,
                "appointment": [_appointment_of(seat, ref) for seat in seats],
                "period": {"end": instant(each["done_at"])},
            }


def _appointment_of(seat: int, ref: str) -> FhirResource:
    return {"reference": f"urn:uuid:{made_id('Appointment', f'{ref}/{seat}')}"}


def _communications(
    record: dict[str, Any], ref: str, subject: FhirResource
) -> Iterator[FhirResource]:
    """What the client reported and wrote: they are subject and sender."""
    for n, said in enumerate(record["absences"]):
        if said["by_you"]:
            words = [word for word in (said["reason"], said["note"]) if word]
            yield {
                **communication(f"{ref}/absence/{n}", "absence", said["reported_at"], words, subject),
                "about": [_appointment_of(said["seat"], ref)],
            }  # fmt: skip
    for n, said in enumerate(record["writings"]):
        if said["what"] != "draft":
            key = f"{ref}/{said['what']}/{n}"
            yield communication(key, said["what"], said["at"], [said["text"]], subject)


def communication(
    key: str, what: str, at: datetime, words: list[str], subject: FhirResource
) -> FhirResource:
    """Return a Communication sent by the subject; the caller may replace the sender."""
    return {
        "resourceType": "Communication",
        "id": made_id("Communication", key),
        "status": "completed",
        "category": [{"text": what}],
        "subject": subject,
        "sender": subject,
        "sent": instant(at),
        "payload": [{"contentString": word} for word in words],
    }


def _consents(record: dict[str, Any], ref: str, subject: FhirResource) -> Iterator[FhirResource]:
    for n, each in enumerate(record["consents"]):
        ends = min(filter(None, (each["taken_back_at"], each["expires_at"])))
        recipient = {"coding": [{"system": f"{TERMINOLOGY}/v3-ParticipationType", "code": "IRCP"}]}
        yield {
            "resourceType": "Consent",
            "id": made_id("Consent", f"{ref}/{n}"),
            "status": "active" if ends > record["made_at"] else "inactive",
            "scope": {"coding": [{"system": f"{TERMINOLOGY}/consentscope", "code": "patient-privacy"}]},
            "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
            "patient": subject,
            "dateTime": instant(each["signed_at"]),
            "policyRule": {"text": "42 CFR Part 2"},
            "provision": {
                "type": "permit",
                "period": {"start": instant(each["signed_at"]), "end": instant(ends)},
                "actor": [{"role": recipient, "reference": {"display": each["recipient"]}}],
                "code": [{"text": each["category"]}],
            },
        }  # fmt: skip


def _flags(record: dict[str, Any], ref: str, subject: FhirResource) -> Iterator[FhirResource]:
    for n, each in enumerate(record["needs"]):
        words = f"{each['need']}: {each['detail']}" if each["detail"] else each["need"]
        ended = {"end": instant(each["until"])} if each["until"] else {}
        yield {
            "resourceType": "Flag",
            "id": made_id("Flag", f"{ref}/{n}"),
            "status": "inactive" if each["until"] else "active",
            "code": {"text": words},
            "subject": subject,
            "period": {"start": instant(each["since"])} | ended,
        }


def _care_plans(record: dict[str, Any], ref: str, subject: FhirResource) -> Iterator[FhirResource]:
    plans = record["backup_plans"]
    for n, each in enumerate(plans):
        parts = {name: words for name, words in each.items() if name != "written_at"}
        yield {
            "resourceType": "CarePlan",
            "id": made_id("CarePlan", f"{ref}/{n}"),
            "status": "active" if n == len(plans) - 1 else "revoked",
            "intent": "plan",
            "title": "Backup plan",
            "description": "\n".join(f"{name}: {words}" for name, words in parts.items()),
            "subject": subject,
            "author": subject,
            "created": instant(each["written_at"]),
        }


def _lean(resource: FhirResource) -> FhirResource:
    """The resource without empty elements, which FHIR's JSON does not allow (R4, 2.6.2)."""
    return {name: part for name, part in resource.items() if part not in ({}, [], "", None)}


def made_id(kind: str, key: str) -> str:
    """A UUID that is always the same for the same thing."""
    return str(uuid.uuid5(NAMESPACE, f"{kind}/{key}"))


def _urn(resource: FhirResource) -> str:
    return f"urn:uuid:{resource['id']}"


def instant(at: datetime) -> str:
    """The instant in RFC 3339, to the second."""
    return at.isoformat(timespec="seconds")
