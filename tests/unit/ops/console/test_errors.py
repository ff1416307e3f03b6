"""What went wrong is told by what caused it."""

from botocore.exceptions import ClientError, ReadTimeoutError
from callbacks.domain.errors import DependencyUnavailable

from tools.ops.channels import NotFoundError
from tools.ops.console.errors import told

DENIED = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "Query")


def test_a_service_that_refused_is_told_as_its_refusal() -> None:
    error = DependencyUnavailable("Query")
    error.__cause__ = DENIED

    assert told(error) == told(DENIED)
    assert told(DENIED).title == "You may not do this"


def test_a_service_that_did_not_respond_is_told_as_out_of_reach() -> None:
    error = DependencyUnavailable("Query")
    error.__cause__ = ReadTimeoutError(endpoint_url="https://dynamodb.eu-west-1.amazonaws.com")

    assert told(error).title == "AWS could not be reached"


def test_what_is_not_there_is_told_in_its_own_words() -> None:
    found = told(NotFoundError("There is no channel X in dev.", "known: Y"))

    assert (found.status, found.advice, found.detail) == (
        404,
        "There is no channel X in dev.",
        "known: Y",
    )


def test_an_error_of_the_consoles_own_is_told_by_its_class_alone() -> None:
    assert told(KeyError("SECRET")).detail == "KeyError"
