"""What the suite itself is made of: servers, two firms, and the guard between them."""
