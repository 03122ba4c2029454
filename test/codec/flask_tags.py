"""Reads and writes tagged JSON with Flask itself. Takes one JSON request from stdin, answers with one on stdout."""
import json
import sys
from datetime import datetime, timezone
from uuid import UUID

from flask import Flask
from flask.json.tag import TaggedJSONSerializer
from markupsafe import Markup

serializer = TaggedJSONSerializer()


def describe(value):
    """A value with the names of its Python types."""
    if isinstance(value, dict):
        return {"dict": {key: describe(item) for key, item in value.items()}}
    if isinstance(value, (list, tuple)):
        return {type(value).__name__: [describe(item) for item in value]}
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, datetime):
        return {"datetime": value.isoformat()}
    if isinstance(value, (Markup, UUID)):
        return {type(value).__name__: str(value)}
    return value


def sample():
    return {
        "tuple": (1, (2, "x"), []),
        "list": [1, None, True, 1.5],
        "bytes": bytes(range(256)),
        "markup": Markup("<b>é</b>"),
        "uuid": UUID("2f1acc9b-4c7e-4b0e-8d6a-0c1b2a3d4e5f"),
        "when": datetime(2024, 2, 29, 23, 59, 58, tzinfo=timezone.utc),
        "escaped": {" t": 1},
        "twice": {" di": {" t": (1,)}},
        "plain": {" q": 1, "é": "\u007f\U0001f600\ue000"},
        "\U0001f600": 1,
        "\ue000": 2,
        "10": "a",
        "9": "b",
        "small": [0.00001, 1.5e-7, 0.001],
        "lone": "\ud800",
    }


request = json.load(sys.stdin)
if request["do"] == "read":
    answer = {"value": describe(serializer.loads(request["text"]))}
elif request["do"] == "write":
    with Flask("codec").app_context():
        answer = {"text": serializer.dumps(sample())}
else:
    with Flask("codec").app_context():
        answer = {"text": serializer.dumps(serializer.loads(request["text"]))}
json.dump(answer, sys.stdout)
