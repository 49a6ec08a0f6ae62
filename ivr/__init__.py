"""The caller's side: the conversation as a pure state machine, its menu and its prompts."""
