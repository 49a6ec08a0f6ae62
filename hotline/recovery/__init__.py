"""What makes failures harmless: signs of life, the fallback's happenings imported, callers and talks taken up again."""
