"""The API's own protocol: JSON in, JSON out. No rule about states: the world has them.

routes.py      which handler answers; the order of the checks
http.py        a request, a response: all that a door has to carry; dialects.py: its other forms
bodies/        the bodies that are taken; validation.py: their mistakes, in the platform's words
shapes.py      the objects that are given, key by key as recorded; listing.py: pages of them
file_shapes.py the same of files and vector stores; profiles.py: as recorded, or as published
stream.py      a stream of a run's events; sse.py: what they are called and carry
livestream.py  how they are written down when they happen, and sent when somebody reads
reading.py     who reads lets time pass
response_shapes.py response_events.py response_stream.py: the same for the Responses API
session_shapes.py session_events.py session_stream.py: the same for the Agents API
webhook_events.py what webhooks tell
hosted.py      calls of tools that the service runs itself
errors.py      how a refusal sounds, and where we know it from; wording.py: what it is made of
run_refusals.py request_refusals.py parameter_refusals.py response_refusals.py session_refusals.py
               its tables: of the state of runs, of requests, of parameters; of the other two APIs
refused.py     which of them tells what the world refuses
multipart.py   the form in which a file comes
assistants.py threads.py messages.py runs.py files.py vector_stores.py models_list.py
responses.py conversations.py sessions.py
               the handlers
"""
