"""Where callers and agents meet: sessions of callers, the line, offers, talks and transfers, and what is written."""
