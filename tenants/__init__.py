"""Which firm is asking: firms, the firm context, the database engine, keys, provisioning and migrations."""
