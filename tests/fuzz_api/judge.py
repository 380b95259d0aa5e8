"""Judges what the foreign fuzzer has reported: judge.py REPORT.ndjson...

A failed check is a finding unless a line of ACCEPTED says why it is right; docs/ASSURANCE.md repeats
the reasons. Prints the figures, then each finding once an operation; exit code 1 when there is one.
"""

import base64
import collections
import json
import sys

# check, statuses or codes of the reply, why it is right
ACCEPTED = [
    ("positive_data_acceptance", {410, 412, 422}, "a business rule refuses what is well-formed"),
    ("positive_data_acceptance", {"bad_cursor"}, "a cursor is opaque and signed: no schema knows which were given"),
    ("positive_data_acceptance", {"character"}, "a character without meaning, said in words: no pattern lists all"),
    ("positive_data_acceptance", {"blank"}, "blanks at the ends are cut off before a text is counted"),
    ("positive_data_acceptance", {"grant", "grant_type_unknown"},
     "what a grant needs follows from grant_type, and an unknown one has an error of its own (RFC 6749)"),
    ("positive_data_acceptance", {"market_code_shape"}, "the shape of a market's code has a problem of its own"),
    ("positive_data_acceptance", {"moment"}, "date-time and date have no bounds: 1970 to 2200 is said in words"),
    ("negative_data_rejection", {413, 414, 431}, "too long for any request: refused by its length"),
    ("missing_required_header", {428}, "a missing If-Match has a status of its own (RFC 6585 section 3)"),
    ("not_a_server_error", {"method_not_implemented"}, "an unknown method is 501 (RFC 9110 section 9.1)"),
    ("unsupported_method", {"method_not_implemented"}, "an unknown method is 501 (RFC 9110 section 9.1)"),
    ("unsupported_method", {"content"}, "TRACE never carries content (RFC 9110 section 9.3.8)"),
]


SPOILT = "the fuzzer counts as valid what it has spoilt in part"


def is_blank(error, body):
    """Whether the member that is too short is made of blanks, which are cut off before counting."""
    value = body.get(error.get("pointer", "/")[1:]) if isinstance(body, dict) else None
    return error.get("code") == "length" and isinstance(value, str) and value.strip() == ""


def kind_of(problem, label, body):
    """The problem's code; of a code that says many things, which of those that are accepted."""
    details = [error.get("detail", "") for error in problem.get("errors", [])]
    if details and all(detail.startswith("U+") for detail in details):
        return "character"
    if details and all(detail.startswith("Expected a time from 1970") for detail in details):
        return "moment"
    if details and all(is_blank(error, body) for error in problem["errors"]):
        return "blank"
    if details and label == "POST /v1/auth/tokens" and all("grant" in detail for detail in details):
        return "grant"
    if problem.get("detail") == "this method takes no body":
        return "content"
    return problem.get("code")


def is_spoilt(case):
    """Whether the fuzzer itself calls a part of a request invalid that it counts as valid."""
    return any(part["mode"] == "negative" for part in case["meta"]["components"].values())


def reply_of(recorder, case_id):
    response = (recorder["interactions"].get(case_id) or {}).get("response") or {}
    content = response.get("content") or {}
    text = base64.b64decode(content.get("$base64", "")) if isinstance(content, dict) else content.encode()
    try:
        body = recorder["cases"][case_id]["value"].get("body")
        kind = kind_of(json.loads(text), recorder["label"], body)
    except (ValueError, AttributeError):
        kind = None
    return response.get("status_code"), kind, text.decode("utf-8", "replace")


def reason(check, status, code):
    for name, which, why in ACCEPTED:
        if name == check and (status in which or code in which):
            return why
    return None


def failures(path):
    with open(path, encoding="utf-8") as report:
        for line in report:
            finished = json.loads(line).get("ScenarioFinished")
            if finished is None:
                continue
            recorder = finished["recorder"]
            for case_id, checks in recorder.get("checks", {}).items():
                yield recorder, case_id, [c for c in checks if c["status"] == "failure"]


def main(paths):
    cases, accepted, found = 0, collections.Counter(), {}
    statuses = collections.Counter()
    for path in paths:
        for recorder, case_id, failed in failures(path):
            cases += 1
            status, code, text = reply_of(recorder, case_id)
            statuses[status] += 1
            for check in failed:
                why = reason(check["name"], status, code)
                if why is None and check["name"] == "positive_data_acceptance" and status == 400:
                    why = SPOILT if is_spoilt(recorder["cases"][case_id]["value"]) else None
                if why is not None:
                    accepted[why] += 1
                    continue
                key = (check["name"], recorder["label"], status, code)
                found.setdefault(key, (path, recorder["cases"][case_id]["value"], check, text))
    print(f"{cases} requests; by status: {dict(sorted(statuses.items(), key=str))}")
    for why, count in accepted.most_common():
        print(f"accepted {count}: {why}")
    for (name, label, status, code), (path, case, check, text) in sorted(found.items(), key=str):
        case = {k: case.get(k) for k in ("path", "query", "headers", "body", "media_type") if case.get(k)}
        print(f"FINDING {name}: {label}: {status} {code} ({path})")
        print(f"   sent {json.dumps(case)[:400]}")
        print(f"   got  {text[:60]} ... {text[-240:]}")
        print(f"   says {check['failure_info']['failure']['message'][:300]!r}")
    print(f"{len(found)} findings")
    return 1 if found or cases == 0 else 0


sys.exit(main(sys.argv[1:]))
