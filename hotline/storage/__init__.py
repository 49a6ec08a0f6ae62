"""What must survive: the ledger, promises, outbox, callbacks, accounts, in SQLite or PostgreSQL."""
