"""What an admin edits: the schema of the hotline's configuration, its loading with line numbers, and its checks."""
