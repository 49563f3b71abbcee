"""`python -m rcm_platform.cli` is `rcm`."""

from rcm_platform.cli.app import app

app(prog_name="rcm")
