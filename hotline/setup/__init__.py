"""What is made once, before the service runs: prompts, music, and later Asterisk's own root."""
