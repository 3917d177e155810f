"""Rehearsals: a scripted person goes through a firm's whole interview, and what was understood is compared."""
