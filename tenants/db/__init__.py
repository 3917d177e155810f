"""The database engine: every cursor's search path follows the firm context."""
