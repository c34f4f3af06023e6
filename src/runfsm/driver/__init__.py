"""WHAT TO DO NEXT: minds that decide, and loops that do.

What is said, by whom to whom:
request.py      what an app hands in: a request, and the outputs of its tools
actions.py      what a core asks for
replies.py      what came of it; which reply answers which action
policy.py       what the app wants: deadline, busy threads, failing tools
busy.py         ... about a thread that another run holds: Reject, Wait, Interrupt, Enqueue
journal.py      what the driver did and met
live.py         what a stream tells beside the journal: text, steps
outcome.py      what a driven run came to

Minds, which do nothing; pure:
core.py         RunCore: its two verbs, and when it is enough
known.py        what is known of a run
decide.py       what to do next about it
learn.py        what a reply changes in it
admission.py    how a run, or a message, gets onto its thread: once, and in its turn
keysearch.py    how an idempotent request looks for the run that is there already
lock.py         what is known of a thread's lock
threadcore.py   ThreadCore: a message, or a thread for oneself
answers.py      what was answered to a run's calls, each once
oversize.py     outputs that the service refuses as too large
rerun.py        whether a run met its model's rate limit, and when another one is due
spelling.py     statuses as look-alikes write them
retry.py        which faults may pass
pacing.py       how long to wait between two looks, and after a fault
habits.py       what a driver has learnt of how long runs take
schedule.py     when to look, given how long it took before
ratecap.py      a cap on requests a second
lines.py        who stands in line for which thread
toolround.py    one round of tool calls, and their time limits
slots.py        which of many requests may begin
narrator.py     what is told of a run as it goes

Loops, which decide nothing; each has a mirror for tasks (asyncio and trio, by anyio):
sync.py         RunDriver and ThreadSession          aio.py
watch.py        one run under way                    aiowatch.py
hands.py        what a core asks for, done           aiohands.py
many.py         many runs at once, as tasks
toolthread.py   a tool in a thread of its own        tooltask.py
streamthread.py a stream that is read in one         streamtask.py
reentry.py      a wait that nobody can end: a tool on its own run's thread
forked.py       a client that was used before a fork
shared.py       what all runs of a driver share
underway.py     what it has under way
telling.py      who is told of each step: the log, and observers
logbook.py      how a step becomes a line of the log
keys.py         names for runs, to find them by
"""
