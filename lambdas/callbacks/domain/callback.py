"""The body of a callback: the partners' side of the contract, as code reads it."""

from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictStr,
    field_validator,
    model_validator,
)

from callbacks.domain.outcome import Failure, Outcome, Success
from callbacks.domain.task import ORDER_ID


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TaskError(_Strict):
    """Why the work failed."""

    code: Annotated[StrictStr, Field(min_length=1, max_length=256, pattern=r"^[A-Za-z0-9_.-]*$")]
    message: Annotated[StrictStr, Field(max_length=4096)]
    retryable: StrictBool


class Callback(_Strict):
    """What a partner posts. `schemas/callback.schema.json` says the same to partners."""

    order_id: Annotated[StrictStr, Field(pattern=ORDER_ID)]
    task_type: Annotated[
        StrictStr, Field(min_length=1, max_length=40, pattern=r"^[A-Z][A-Z0-9_]*$")
    ]
    task_status: Literal["SUCCESS", "FAILURE", "IN_PROGRESS"]
    callback_id: Annotated[
        StrictStr | None, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]*$")
    ] = None
    task_output: dict[StrictStr, Any] | None = None
    task_error: TaskError | None = None

    @field_validator("callback_id", "task_output", "task_error", mode="before")
    @classmethod
    def _left_out_rather_than_null(cls, value: object) -> object:
        if value is None:
            raise ValueError("is to be left out rather than null")
        return value

    @model_validator(mode="after")
    def _result_matches_status(self) -> Self:
        if (self.task_output is not None) != (self.task_status == "SUCCESS"):
            raise ValueError("task_output comes with SUCCESS, and only then")
        if (self.task_error is not None) != (self.task_status == "FAILURE"):
            raise ValueError("task_error comes with FAILURE, and only then")
        return self

    @property
    def outcome(self) -> Outcome | None:
        """What ends the task; None for a heartbeat."""
        if self.task_output is not None:
            return Success(self.task_output)
        if self.task_error is not None:
            error = self.task_error
            return Failure(error.code, error.message, error.retryable)
        return None
