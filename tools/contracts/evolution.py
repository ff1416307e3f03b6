"""Refuses a change of the contracts that breaks a partner who was there before it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator
from jsonschema.exceptions import best_match

from tools import Json
from tools.contracts import bounds, promise, tree
from tools.contracts.documents import Finding, load, parse, token
from tools.contracts.inclusion import Obstacle, obstacles
from tools.contracts.promise import Change, PromiseError
from tools.contracts.revisions import Revision, RevisionError
from tools.contracts.witness import Witness, witnesses


@dataclass(frozen=True, slots=True)
class Comparison:
    """`findings` break a partner; `notes` tell what moving to a new version asks of one.

    `remarks` say what could not be compared.
    """

    findings: list[Change]
    notes: list[Finding]
    remarks: list[str] = field(default_factory=list)


def compare(root: Path, base: Revision) -> Comparison:
    """The working tree at `root` against the revision. Raises RevisionError."""
    before = base.paths()
    was, remarks = _document(base)
    schemas = [*_schemas(root, base, before, was)]
    envelope = {found.pointer for found in schemas if found.rule == "envelope-narrowed"}
    promised = [
        found
        for found in promise.changes(was, _own_document(root), root)
        if found.rule != "model-narrowed" or found.pointer not in envelope
    ]
    findings = list(dict.fromkeys([*schemas, *promised]))
    return Comparison(findings, list(_new_versions(root, base, before)), remarks)


def _document(base: Revision) -> tuple[Json, list[str]]:
    """The revision's document, and what is to be said of how it was made."""
    with base.checkout() as worktree:
        try:
            return promise.by_own_code(worktree), []
        except PromiseError as error:
            remark = (
                f"The code of {base.name} does not make its document ({error}): its settings and "
                "schemas were read with today's code, and what its code made of messages, routes "
                "and responses was not compared."
            )
            return promise.document(worktree), [remark]


def _own_document(root: Path) -> Json:
    if not (root / promise.MODULE).exists():
        return promise.document(root)
    try:
        return promise.by_own_code(root)
    except PromiseError as error:
        raise RevisionError(
            "The document of the working tree cannot be made: run `make lint` first.", str(error)
        ) from error


def _schemas(root: Path, base: Revision, before: set[Path], was: Json) -> Iterator[Change]:
    contracts = {f"{kind}.schema.json" for kind in tree.KINDS}
    for path in sorted(before):
        if path != tree.ENVELOPE and path.name not in contracts:
            continue
        kind = path.name.removesuffix(".schema.json")
        if not (root / path).exists():
            yield promise.change("contract-removed", root, path, "", kind=kind)
            continue
        old, new = json.loads(base.read(path)), load(root / path).value
        found = obstacles(new, old) if kind == "request" else obstacles(old, new)
        channel = was["channels"].get(path.parents[1].name)
        if kind == "output" and channel:
            bounded = bounds.implied(old, channel["settings"]["max_output_bytes"])
            found = _unless_too_large(found, obstacles(bounded, new))
        rule = "envelope-narrowed" if path == tree.ENVELOPE else _RULE[kind]
        if not found:
            continue
        taking, refusing = (new, old) if kind == "request" else (old, new)
        shown = witnesses(taking, refusing, _examples(root, base, path, before))
        for obstacle in found:
            version = _in_a_new_version(path)
            change = promise.of_obstacle(rule, root, path, obstacle, version=version)
            yield replace(change, witness=_witness(obstacle, shown, received=kind == "request"))


def _examples(root: Path, base: Revision, path: Path, before: set[Path]) -> Iterator[Any]:
    """Of the contract at `path`, as the revision and the tree at `root` have them."""
    folder, kind = path.parent / "examples/valid", path.name.split(".")[0]
    for one in sorted(before):
        if one.parent == folder and one.name.split(".")[0] == kind:
            yield json.loads(base.read(one))
    for file in sorted((root / folder).glob(f"{kind}.*json")):
        yield load(file).value


def _witness(obstacle: Obstacle, shown: list[Witness], *, received: bool) -> str:
    found = next((one for one in shown if one.shows(obstacle)), None)
    if found is None:
        return "not proved: no such document was found"
    return f"{'received now, not before' if received else 'taken before, and no longer'}: {found}"


_RULE = {"output": "output-narrowed", "request": "request-widened"}


def _unless_too_large(found: list[Obstacle], of_what_fits: list[Obstacle]) -> list[Obstacle]:
    """Without what concerns only documents that the channel's limit refused before."""
    kept = {(obstacle.pointer, obstacle.keyword) for obstacle in of_what_fits}
    return [obstacle for obstacle in found if (obstacle.pointer, obstacle.keyword) in kept]


def _in_a_new_version(path: Path) -> str:
    version = path.parent.name
    return (
        f"the change in a new version, {path.parents[1] / _next(version)}, and {version} as it was"
        if version != tree.SCHEMAS.name
        else ""
    )


def _next(version: str) -> str:
    return f"v{int(version[1:]) + 1}"


def _new_versions(root: Path, base: Revision, before: set[Path]) -> Iterator[Finding]:
    """Tries the examples of the version before on each new one."""
    for version in tree.versions(root):
        previous = tree.Version(version.task_type, f"v{version.number - 1}")
        for kind in tree.KINDS:
            if version.schema(kind) in before or previous.schema(kind) not in before:
                continue
            schema = Draft4Validator(load(root / version.schema(kind)).value)
            for path in sorted(before):
                if path.parent != previous.examples("valid") or path.name.split(".")[0] != kind:
                    continue
                example = parse(path, base.read(path).encode())
                error = best_match(schema.iter_errors(example.value))
                if error is not None:
                    where = "".join(map(token, error.absolute_path))
                    yield example.finding(
                        where,
                        f"{version.name} refuses this example of {previous.name}, at "
                        f"{where or '/'}: {error.message}",
                        f"in {version.folder / 'examples/valid'} what replaces it, for partners "
                        "who move",
                    )
