"""A console, and the operator's browser."""

import pytest

from tests.support.cloud import Cloud
from tests.support.console import Browser, browser


@pytest.fixture
def stranger(aws: Cloud) -> Browser:
    """A browser that has not opened the console."""
    aws.register()
    return browser(aws)


@pytest.fixture
def opened(stranger: Browser) -> Browser:
    stranger.open()
    return stranger
