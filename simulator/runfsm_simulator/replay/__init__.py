"""What was done to a world and what it chose, on a tape; and the same world once more, from it.

tape.py      how a tape is written down, and read
exchange.py  a request, and what came of it, as JSON
seal.py      what shows that a line is as it was written
planners.py  who plays, as a tape has it
calls.py     what is done in Python, as calls by name
inputs.py    time and choices, on either side of a tape
recorder.py  has one written while a simulator is used
blocks.py    a stream, listened to
writer.py    its file, sealed and bounded
edges.py     what a world has done meanwhile
player.py    makes the world anew, asks the same, and names the first difference
"""
