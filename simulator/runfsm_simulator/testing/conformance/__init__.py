"""Does somebody else's server, or backend, behave as it must?

check.py         `check_server`, `check_backend`: in with it, out with a report
behaviour.py     what a behaviour is, and its verdicts
report.py        how one is judged, and what came of all
stage.py         a server: an assistant, threads and runs, seen from outside
service.py       what is asked of it, and kept; exchange.py: how that is shown
fields.py        which fields of a run are null, status by status
refusing.py      how a refusal is recognised
backendstage.py  a backend: its calls, and the runs that they make; blocking.py: of either kind
contract.py      the behaviours of a backend

The behaviours of a server, by subject: creating, locking, calling, cancelling, stepping, listing,
refusals, streaming, expiring, and always.

This room may import the driver's vocabulary and the clock: it is a client.
"""

from runfsm_simulator.testing.conformance.behaviour import Behaviour, Finding, Verdict
from runfsm_simulator.testing.conformance.check import check_backend, check_server
from runfsm_simulator.testing.conformance.report import NotConforming, Report

__all__ = [
    "Behaviour",
    "Finding",
    "NotConforming",
    "Report",
    "Verdict",
    "check_backend",
    "check_server",
]
