"""django-tenants as its documentation uses it, with our apps in it: the peer of two benches."""
