"""State machines of Hypothesis over a lifecycle, a service and an app.

A machine is a test in two lines: `TestRun = LifecycleMachine.TestCase`. What it does, which steps
it took, and how to do it again, Hypothesis prints with a failure.
"""
