"""Accounts: a firm's staff in the firm's schema, operators in `public`. One model, two places."""
