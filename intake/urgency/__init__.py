"""How soon staff should look: points by plain rules, each with its reason. Pure; for staff alone."""
