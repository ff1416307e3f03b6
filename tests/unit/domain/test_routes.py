"""Routes: v1 has its channel's address, and later versions say what they are."""

import pytest
from callbacks.domain.routes import parse_route, route

from tools import REPOSITORY

ROUTES = {
    "v1": "/externalCallback/ORDER_SHIPPING_SERVICE",
    "v2": "/externalCallback/ORDER_SHIPPING_SERVICE/v2",
}


@pytest.mark.parametrize("version", ROUTES)
def test_a_route_names_its_version_from_v2_on(version: str) -> None:
    assert route("ORDER_SHIPPING_SERVICE", version) == ROUTES[version]


@pytest.mark.parametrize("version", ROUTES)
def test_a_route_is_read_as_it_is_made(version: str) -> None:
    assert parse_route(ROUTES[version]) == ("ORDER_SHIPPING_SERVICE", version)


def test_terraform_makes_the_same_routes() -> None:
    """Its own test holds the module's routes to this list."""
    tests = REPOSITORY / "terraform/modules/callback-channel/tests/channel.tftest.hcl"

    listed = ", ".join(f'"{path}"' for path in ROUTES.values())

    assert f"output.release.routes == [{listed}]" in tests.read_text()
