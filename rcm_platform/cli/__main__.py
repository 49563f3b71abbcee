"""`python -m rcm_platform.cli` is `rcm`."""

from rcm_platform.cli.app import main

main()
