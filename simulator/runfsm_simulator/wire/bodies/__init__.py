"""The bodies that are taken, as types. Nothing else is: an unknown key is an error.

The limits are those of the published API schema (openai/openai-openapi 2.3.0), save where a
recording says otherwise at the line.
"""
