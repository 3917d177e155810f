"""A firm's language model: where it is, how it is asked, and what becomes of the firm's turns when it does not answer.

It never decides anything. `intake.interview.rephrasing` and the engine say what of its words is used.
"""
