"""The walkthrough as it runs on AWS: profiles, remote states and no endpoint but the SDK's own."""

from pathlib import Path

import pytest

from tools.devenv import smoke
from tools.devenv.environment import EXTERNAL_ID, Environment
from tools.devenv.state import ACCOUNTS
from tools.devenv.walkthrough import walk


def test_the_walkthrough_finds_its_way_by_profiles_and_states(
    environment: Environment, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    for name in ACCOUNTS:
        exports = environment.exports(name)
        with config.open("a") as file:
            file.write(
                f"[profile {name}]\n"
                f"aws_access_key_id = {exports['AWS_ACCESS_KEY_ID']}\n"
                f"aws_secret_access_key = {exports['AWS_SECRET_ACCESS_KEY']}\n"
                f"region = {exports['AWS_REGION']}\n"
                f"endpoint_url = {exports['AWS_ENDPOINT_URL']}\n"
            )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))

    steps = list(walk(smoke.deployment("local", "platform", "partner", EXTERNAL_ID)))

    assert len(steps) == 8
