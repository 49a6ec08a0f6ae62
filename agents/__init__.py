"""The agent's side: presence, screen pop, forms and dispositions, promises to callers. Pure."""
