"""Makes the bucket that holds the Terraform states, its own state among them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from botocore.exceptions import ClientError

from tools.deploy.accounts import Account
from tools.deploy.terraform import Directory


def bootstrap(
    root: Directory, account: Account, backend: Path, first_state: Path, *apply_options: str
) -> None:
    """Apply the bootstrap root, whose backend is the bucket that it makes.

    Until there is a bucket, the state is the local file `first_state`, which then moves there; a
    run that was cut short in between goes on from that file.
    """
    remote = f"-backend-config={backend}"
    if _bucket_exists(account, backend) and not first_state.exists():
        root.init("-reconfigure", remote)
        root.run("apply", *apply_options)
        return
    first_state.parent.mkdir(parents=True, exist_ok=True)
    with _local_backend(root.path, first_state):
        root.init("-reconfigure")
        root.run("apply", *apply_options)
    root.init("-migrate-state", "-force-copy", remote)
    for file in (first_state, first_state.with_name(f"{first_state.name}.backup")):
        file.unlink(missing_ok=True)


@contextmanager
def _local_backend(path: Path, state: Path) -> Iterator[None]:
    override = path / "backend_override.tf"
    override.write_text(f'terraform {{\n  backend "local" {{\n    path = "{state}"\n  }}\n}}\n')
    try:
        yield
    finally:
        override.unlink()


def _bucket_exists(account: Account, backend: Path) -> bool:
    bucket = re.search(r'^bucket\s*=\s*"([^"]+)"', backend.read_text(), re.MULTILINE)
    assert bucket, f"{backend} names no bucket"
    try:
        account.s3.head_bucket(Bucket=bucket[1])
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return False
        raise
    return True
