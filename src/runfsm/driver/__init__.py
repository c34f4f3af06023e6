"""WHAT TO DO NEXT: a core that decides, and two loops that do.

actions.py    what the core asks for, and what came of it
core.py       RunCore: every decision
policy.py     what the app wants: deadline, failing tools
pacing.py     how long to wait between two looks
journal.py    what the driver did and met
outcome.py    what a driven run came to
toolround.py  one round of tool calls, and their time limits
toolthread.py a tool in a thread of its own
underway.py   what a driver has under way
sync.py       RunDriver, for threads
aio.py        AsyncRunDriver, its mirror, for tasks (asyncio and trio, by anyio)
"""
