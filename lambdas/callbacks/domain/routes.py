"""Where callbacks are posted: a route for each version of a channel's contract."""

ROOT = "/externalCallback"
FIRST_VERSION = "v1"


def suffix(version: str) -> str:
    """What a version adds to the address of its channel: nothing for v1, `/vN` for a later one."""
    return "" if version == FIRST_VERSION else f"/{version}"


def route(task_type: str, version: str) -> str:
    """The path below the API's stage."""
    return f"{ROOT}/{task_type}{suffix(version)}"


def parse_route(path: str) -> tuple[str, str]:
    """The inverse of `route`: task type and version."""
    task_type, _, version = path.removeprefix(f"{ROOT}/").partition("/")
    return task_type, version or FIRST_VERSION
