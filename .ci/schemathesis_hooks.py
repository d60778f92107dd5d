"""What schemathesis cannot know of the services: every other well-formed request is for a device that is
there, with a code that is good. Nothing is changed in requests that are malformed on purpose.

OFFHOOK_CALLER says who asks: administrator, nobody, registrar or device.
"""

import os
from urllib.parse import quote, unquote

import schemathesis

CALLER = os.environ.get("OFFHOOK_CALLER", "nobody")

ACTIVATED = "room-1"  # the device that .ci/schemathesis activates
OF_ACTIVATED = ("issueReplacementCode", "rebootDevice", "requestProblemReport")

profiles = []  # the other devices that are there, oldest first, as they stand in a path
codes = []  # activation codes that were shown and not presented yet
count = 0


@schemathesis.hook
def before_call(context, case, kwargs):
    global count
    if case.meta is None or case.meta.generation.mode.is_negative:
        return
    count += 1
    name = case.operation.definition.raw.get("operationId")
    body = case.body if isinstance(case.body, dict) else None
    if name == "presentCode" and body is not None:
        # A device without a certificate needs its key, which no schema can say.
        if body.get("redemptionKey") is None:
            body["redemptionKey"] = f"{count:064x}"
        if count % 2 and codes:
            body["activationCode"] = codes.pop()
            body["model"] = "Cisco Desk Pro"
    if name == "activateDevice" and body is not None and CALLER == "device":
        # A device with a machine token has presented its code already.
        body.pop("activationCode", None)
    if count % 2 == 0:
        return
    if name == "provisionDevice" and body is not None:
        body["deviceType"], body["model"] = "Room OS", "Cisco Desk Pro"
        body["tags"] = {**body.get("tags", {}), "%DISPLAY_NAME%": "Room 7"}
        if count % 4 == 1:
            body.pop("macAddress", None)
    # The links of the stateful phase name devices of their own.
    is_linked = case.meta.phase.name.value == "stateful"
    if "profile" in case.path_parameters and not is_linked:
        if name in OF_ACTIVATED:
            case.path_parameters["profile"] = ACTIVATED
        elif profiles:
            case.path_parameters["profile"] = profiles[count % len(profiles)]
    if name == "moveDevice" and body is not None and profiles:
        body["profile"] = unquote(profiles[-1])


@schemathesis.hook
def after_call(context, case, response):
    name = case.operation.definition.raw.get("operationId")
    if name == "provisionDevice" and response.status_code == 201:
        profile = quote(response.json()["profile"], safe="")
        # What is put into a case is held against the schema as it stands there.
        profiles.extend([profile] if len(profile) <= 80 else [])
    if name == "deleteDevice" and response.status_code == 204:
        profile = quote(unquote(case.path_parameters["profile"]), safe="")
        profiles[:] = [known for known in profiles if known != profile]
    if name in ("issueCode", "issueReplacementCode", "moveDevice") and response.status_code == 201:
        code = response.json().get("activationCode")
        codes.extend([code] if code else [])
