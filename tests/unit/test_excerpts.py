"""Python that is shown in documents."""

import pytest

from tools.excerpts import excerpt

SOURCE = '''"""A module."""

import json
import os
from pathlib import Path, PurePath

import requests

type Json = dict[str, object]

# How long to wait.
SECONDS = 5
UNUSED = 6


def send(path: Path) -> Json:
    return receive(path, SECONDS)


@decorate
def receive(path, seconds):
    def inner(): ...

    return requests.get(json.loads(path.read_text()), timeout=seconds)


def main():
    os.environ["PORT"]
'''


def test_a_definition_comes_with_all_that_it_needs_and_nothing_else() -> None:
    assert (
        excerpt(SOURCE, "send")
        == """import json
from pathlib import Path

import requests

type Json = dict[str, object]

# How long to wait.
SECONDS = 5


def send(path: Path) -> Json:
    return receive(path, SECONDS)


@decorate
def receive(path, seconds):
    def inner(): ...

    return requests.get(json.loads(path.read_text()), timeout=seconds)
"""
    )


def test_a_definition_that_is_not_there_is_named() -> None:
    with pytest.raises(KeyError, match="receives"):
        excerpt(SOURCE, "receives")
