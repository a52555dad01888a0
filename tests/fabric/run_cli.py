"""`chainfusion` as a process: `python -m tests.fabric.run_cli WORDS`."""

from chainfusion.cli.main import run

if __name__ == "__main__":
    run()
