"""runfsm."""
