"""What Markdown files say of other files, and the code in them."""

import re
from pathlib import Path

import pytest

from tools import REPOSITORY, markdown

DOCUMENTS = markdown.documents(REPOSITORY)
VARIABLES = """
variable "names" {
  description = <<-EOT
    Who does the work:
    one | another.
  EOT
  type = map(object({
    # A comment with {braces}.
    inner = optional(object({ a = string }), {})
  }))
  nullable = false
}

variable "size" {
  description = "Of \\"it\\"."
  type        = number
  default     = 5
}
"""
OUTPUTS = """
output "arn" {
  description = "Its ARN."
  value       = aws_sqs_queue.this.arn
}
"""
MAIN = """
module "other" {
  source = "../other"
}

module "this" {
  source = "../this"
  names  = {}
}

resource "aws_s3_bucket" "first" {
  #checkov:skip=CKV_AWS_18:Nobody reads it.
}

resource "aws_s3_bucket" "second" {
  # checkov:skip=CKV_AWS_18: Nobody reads it.
  # checkov:skip=CKV_AWS_21
}
"""


def filled(tmp_path: Path, block: str) -> str:
    """What stands in a block of a README beside Terraform code."""
    folder = tmp_path / "terraform"
    folder.mkdir()
    files = {"variables.tf": VARIABLES, "outputs.tf": OUTPUTS, "main.tf": MAIN}
    for name, text in {
        **files,
        "README.md": f"before\n{block}\nstale\n<!-- end -->\nafter\n",
    }.items():
        (folder / name).write_text(text)

    assert markdown.write(tmp_path) == [Path("terraform/README.md")]

    before, _, rest = (folder / "README.md").read_text().partition(f"{block}\n")
    content, _, after = rest.partition("<!-- end -->\n")
    assert (before, after) == ("before\n", "after\n")
    return content


def test_a_table_of_inputs(tmp_path: Path) -> None:
    assert (
        filled(tmp_path, "<!-- inputs -->")
        == """| input | type | default | description |
|---|---|---|---|
| `names` | `map(object)` | required | Who does the work: one \\| another. |
| `size` | `number` | `5` | Of "it". |
"""
    )


def test_a_table_of_outputs(tmp_path: Path) -> None:
    assert (
        filled(tmp_path, "<!-- outputs -->")
        == """| output | description |
|---|---|
| `arn` | Its ARN. |
"""
    )


def test_a_table_of_skipped_checks(tmp_path: Path) -> None:
    assert (
        filled(tmp_path, "<!-- skips -->")
        == """| check | skipped for | because |
|---|---|---|
| CKV_AWS_18 | `aws_s3_bucket.first` in terraform<br>`aws_s3_bucket.second` in terraform | Nobody reads it. |
| CKV_AWS_21 | `aws_s3_bucket.second` in terraform |  |
"""  # noqa: E501
    )


def test_a_block_of_terraform(tmp_path: Path) -> None:
    assert (
        filled(tmp_path, "<!-- code: terraform/main.tf module.this -->")
        == """```hcl
module "this" {
  source = "../this"
  names  = {}
}
```
"""
    )


def test_marked_blocks_are_current() -> None:
    rendered = markdown.render(REPOSITORY)

    stale = [path for path, text in rendered.items() if (REPOSITORY / path).read_text() != text]

    assert stale == [], "run make docs"


@pytest.mark.parametrize("top", ["terraform/modules", "terraform/roots"])
def test_each_module_and_root_has_tables_of_its_interface(top: str) -> None:
    folders = {path.parent for path in (REPOSITORY / top).glob("*/variables.tf")}

    lacking = [
        folder.name
        for folder in sorted(folders)
        for kind in ("inputs", "outputs")
        if f"<!-- {kind} -->" not in (folder / "README.md").read_text()
    ]

    assert folders
    assert lacking == []


PYTHON = [
    pytest.param(document, code, id=f"{document}-{number}")
    for document in DOCUMENTS
    for number, code in enumerate(
        re.findall(r"^```python\n(.*?)^```", (REPOSITORY / document).read_text(), re.M | re.S)
    )
]


@pytest.mark.parametrize(("document", "code"), PYTHON)
def test_python_is_taken_from_an_example_and_stands_alone(document: Path, code: str) -> None:
    text = (REPOSITORY / document).read_text()

    exec(compile(code, document, "exec"), {})

    assert re.search(
        rf"<!-- code: \S+ \S+ -->\n```python\n{re.escape(code)}```\n<!-- end -->", text
    )
