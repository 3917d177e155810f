"""Commands of the deployment itself."""
