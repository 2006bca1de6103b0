"""Keys, the keyring of clinical text, and database columns that are kept encrypted."""
