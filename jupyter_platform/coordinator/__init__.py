"""The process that owns queue, ledger and database, and answers the REST API."""
