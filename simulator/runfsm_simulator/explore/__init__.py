"""Every behaviour of the service, to a depth: what it does to a function that takes a client.

choosers.py     choices noted, given again, gone through one by one
adversary.py    what may be chosen: what the service does, and who else has a hand in it
pretend.py      a function's own sleeps and looks at the clock, in virtual time
realtime.py     a warning when it waits in real time all the same
asked.py        what is asked and answered
watch.py        who stands between, lets others act, and stops what does not stop
roads.py        from a function to the service: the `openai` client, or the direct port
stage.py        one behaviour, played
fingerprint.py  what it has come to, so that nothing is gone through twice
laws.py         what must hold of it
search.py       all of them, those with the fewest deviations first
story.py        a behaviour told
replay.py       a behaviour played again
written.py      a counterexample as a test and a trace
core.py         the project's own driver, its core alone: gone on from where it differs
moment.py       a moment of it, kept and revived
"""

from runfsm_simulator.explore.choosers import Choice, Diverged, Enumerated, Recorded, Replayed
from runfsm_simulator.explore.laws import Broken, Laws
from runfsm_simulator.explore.replay import assert_lawful, replay
from runfsm_simulator.explore.search import Certificate, Counterexample, explore
from runfsm_simulator.explore.stage import Behaviour

__all__ = [
    "Behaviour",
    "Broken",
    "Certificate",
    "Choice",
    "Counterexample",
    "Diverged",
    "Enumerated",
    "Laws",
    "Recorded",
    "Replayed",
    "assert_lawful",
    "explore",
    "replay",
]
