"""Errors that are told to the user as one sentence."""


class UserError(Exception):
    """Something the user can put right; the message is one sentence that says how.

    `detail` is what another program printed about it, empty if the user has seen it.
    """

    def __init__(self, message: str, detail: str = "") -> None:
        super().__init__(message)
        self.detail = detail
