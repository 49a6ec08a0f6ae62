"""What agents and their lead do beside the telephone: writing, promises, callbacks, figures, notices."""
