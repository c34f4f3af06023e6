"""What a world was asked and what it chose, on a tape; and the same world once more, from the tape.

tape.py      how a tape is written down, and read
recorder.py  writes one while a simulator is used
edges.py     what a world has done meanwhile
player.py    makes the world anew, asks the same, and names the first difference
"""
