"""The pages and their live updates: agents in the browser, case workers behind a signed link."""
