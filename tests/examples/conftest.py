"""The platform as the examples see it."""

from collections.abc import Iterator

import pytest

from tests.support.partner_api import PartnerApi, partner_api


@pytest.fixture
def platform() -> Iterator[PartnerApi]:
    with partner_api() as api:
        yield api
