"""How a step is printed: short values beside their names, and long ones whole, to be copied."""

import json

import pytest

from tools.devenv import show
from tools.devenv.walkthrough import Step

ARN = f"arn:aws:iam::111111111111:role/{'a-name-that-is-long-' * 3}"


def test_a_step(capsys: pytest.CaptureFixture[str]) -> None:
    posted = {"order_id": "3ea14887-e156-45cf-b110-9dd49c77be47", "task_status": "SUCCESS", "n": {}}
    show.step(6, Step("The callback is posted", {"status": 200, "role": ARN, "posted": posted}))

    printed = capsys.readouterr().out
    assert printed == (
        "6. The callback is posted  0 ms\n"
        "   status  200\n"
        f"   role\n     {ARN}\n"
        "   posted\n"
        '     {\n       "order_id": "3ea14887-e156-45cf-b110-9dd49c77be47",\n'
        '       "task_status": "SUCCESS",\n       "n": {}\n     }\n'
        "\n"
    )
    assert json.loads(printed.partition("posted\n")[2]) == posted
