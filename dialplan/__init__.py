"""Asterisk's side: its configuration rendered from ours, and the channel variables both sides know. Pure."""
