"""`python -m runfsm` is `runfsm`."""

from runfsm.cli import main

main()
