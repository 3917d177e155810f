"""The client's HTTP API: thin views over services and selectors."""
