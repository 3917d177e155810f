"""Reaching a client: one-time codes and links to addresses that the client called safe, and nothing else.

What is safe comes from the interview alone (`safe_to_email`, `safe_to_text`). A message carries a code or a link, never
a word of the conversation, and is signed neutrally unless the firm wants otherwise.
"""
