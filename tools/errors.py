"""Errors that are told to the user as one sentence."""


class UserError(Exception):
    """Something the user can put right; the message is one sentence that says how."""
