"""Where a client is and with which device: asked by rules before anything is decrypted, kept by the record."""

from dataclasses import replace

from lockgate.facts.device import Device, DeviceProblem, DeviceTrust
from lockgate.gate.effects import Intercept, Note, Refuse, Tunnel
from lockgate.gate.events import Closed
from lockgate.testing.builders import client, connecting

CLOSED = Closed(duration_ms=1.0, status=200, upstream_contacted=True)
LAPTOP = replace(
    client(), country="DE", networks=("branch",),
    device=Device(id="laptop-17", enrolled=True, posture=frozenset({"managed", "disk"}), trust=DeviceTrust.CERTIFICATE),
)  # fmt: skip
POLICY = """
default: allow
do_not_inspect: [{id: personal, when: {device.posture: personal}}]
rules: [{id: enrolled-only, when: {device.enrolled: false}, then: block}]
"""


def test_the_record_keeps_what_the_rules_saw(play):
    with play(POLICY) as exchange:
        exchange >> connecting("chatgpt.com", who=LAPTOP) << Intercept
        exchange >> CLOSED << Note
        record = exchange.last.record
    assert (record.country, record.networks) == ("DE", ("branch",))
    assert (record.device, record.device_enrolled, record.device_trust) == ("laptop-17", True, "certificate")
    assert (record.device_posture, record.device_problem) == (("disk", "managed"), "")


def test_a_device_that_is_not_known_is_refused_at_connect_and_the_record_says_why(play):
    unknown = replace(client(), device=Device(problem=DeviceProblem.MALFORMED_HEADER))
    with play(POLICY) as exchange:
        exchange >> connecting("chatgpt.com", who=unknown) << Intercept
    with play(POLICY.replace("device.enrolled: false", "device.enrolled: false, host: other.example")) as exchange:
        exchange >> connecting("other.example", who=unknown) << Refuse
        exchange >> CLOSED << Note
        record = exchange.last.record
    assert (record.device, record.device_enrolled, record.device_posture) == ("", False, None)
    assert record.device_problem == "malformed_header"


def test_what_is_not_inspected_can_depend_on_the_device(play):
    own = replace(LAPTOP, device=replace(LAPTOP.device, posture=frozenset({"personal"})))
    with play(POLICY) as exchange:
        exchange >> connecting("chatgpt.com", who=own) << Tunnel
