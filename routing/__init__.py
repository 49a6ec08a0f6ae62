"""Who gets whom: opening hours, numbers, the line of waiting callers, matching, responsible case workers. Pure."""
