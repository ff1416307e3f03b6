"""The command `callbacks`."""
def main() -> None:
    print("x")
