"""How the service talks to Asterisk: FastAGI sessions (one per caller) and one guarded AMI connection."""
