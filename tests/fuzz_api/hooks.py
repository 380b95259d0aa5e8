"""Simplifies patterns for the foreign fuzzer, which draws texts from a pattern one character at a time.

The document says of a text which characters it may have and that blanks at its ends are cut off. Here only
the characters stay; tests/sql/openapi_texts.c holds the whole patterns against the decoder.
"""

import re

import schemathesis

CLASS = re.compile(r"(\[\^(?:[^\]\\]|\\.)*\])(?:\*|\{\d+,\})")


def simplify(node):
    if isinstance(node, list):
        for item in node:
            simplify(item)
    elif isinstance(node, dict):
        pattern = node.get("pattern")
        if isinstance(pattern, str) and pattern.startswith("^[\\t"):
            node["pattern"] = f"^{CLASS.search(pattern).group(1)}*$"
        elif isinstance(pattern, str) and pattern.startswith("^(?=[^@]{1,64}@)"):
            node["pattern"] = pattern.replace("(?=[^@]{1,64}@)", "")
        for value in node.values():
            simplify(value)


@schemathesis.hook
def before_load_schema(context, raw_schema):
    simplify(raw_schema)
