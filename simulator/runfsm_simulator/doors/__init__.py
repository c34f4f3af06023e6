"""Roads to the simulated service.

transport.py  an in-process transport for the `openai` client
asgi.py       HTTP for any client, in any language
direct.py     the run's five verbs without JSON, for millions of steps
"""
