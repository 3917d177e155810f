"""What the operators' commands share."""
