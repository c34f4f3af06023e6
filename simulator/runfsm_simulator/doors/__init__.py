"""Roads to the simulated service, and the doors that stand on them.

transport.py  an in-process transport for the `openai` client
asgi.py       HTTP for any client, in any language; asgirequest.py: what is read of a request
direct.py     the run's five verbs without JSON, for millions of steps; directaio.py: for tasks;
              directvalues.py: what is given there, and seen

pacing.py     virtual time passes by the looks of clients that poll
faults.py     calls that go wrong on purpose
permissive.py everything is taken, for test suites that are generated with a client
webhooks.py   who is told by itself, and how that is signed
journal.py    what was asked, and what each answer rests on

control.py    the powers that only a simulator has; seeding.py: its hand that sets a stage;
              beginning.py: what a world began with, to begin again
sidedoor.py   the same over HTTP, under `/_sim/`; powers.py: what each path does;
              wanted.py: what comes to it
worlds.py     several simulators behind one address; statefile.py: a file to keep them in;
              autosave.py: when it is saved; statelock.py: one server at a time
serverpages.py pages about a server itself, and observers of its answers; metrics.py: its numbers
"""
