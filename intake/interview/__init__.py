"""The interview: pure Python, no Django, no network, no clock.

advance(playbook, state, event) -> (state, Decision)
"""
