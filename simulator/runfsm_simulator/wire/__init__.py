"""The API's own protocol: JSON in, JSON out. No rule about states: the world has them.

routes.py      which handler answers; the order of the checks
http.py        a request, a response: all that a door has to carry
bodies/        the bodies that are taken; validation.py: their mistakes, in the platform's words
shapes.py      the objects that are given, key by key as recorded; listing.py: pages of them
errors.py      how a refusal sounds, and where we know it from
assistants.py threads.py messages.py runs.py   the handlers
"""
