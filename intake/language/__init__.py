"""What every reader of a client's words shares: tokens with their places, and which language it is."""
