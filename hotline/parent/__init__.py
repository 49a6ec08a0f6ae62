"""The small process above all others: starts Asterisk and the service, watches them, starts them again, ends them."""
