"""The simulated service: state and behaviour. It knows no HTTP and no JSON.

operations.py  what clients do: threads, messages, runs; every refusal
changing.py    the same, where a thing is modified, deleted or shown
answering.py   the same of the Responses API: responses, conversations
sessions.py    the same of the Agents API: sessions, and what is sent to them
exchange.py    what items tell: which calls wait, how far a run has come
instant.py     the world as a whole: begun, saved, restored; one operation at a time
plain.py       the same as plain data, for a file
engine.py      how runs move in time; the one place where an edge is taken
agenda.py      what is still to come
effects.py     what an edge does to a run's fields
output.py      what an edge does to steps and messages
happenings.py  who is told of it; draft.py: what is written, piece by piece
models.py      the things; terms.py: what a run copies from its assistant
responsemodels.py the things of the Responses API; sessionmodels.py: of the Agents API
store.py       what exists, looked up and deleted
files.py       uploads and vector stores; filemodels.py: the things that they are
refusals.py    what is refused, as facts; switches.py: where nobody recorded what
script.py      what the simulated model does; sensible.py: when nobody says so
turns.py       one thing that it does; rules.py: when; templates.py: texts that quote
streamfault.py how streams break off
hosted.py      tools that the service runs itself; citing.py: files that an answer cites
latency.py     how long things take
planning.py    asking it for the next turn
chooser.py     every choice; clock.py: time; tokens.py: an estimate; caps.py: what caps cut
trace.py       what happened; post.py: what the outside is told of it; witness.py: what tests are
"""
