"""Which objects the service is made of and how they know each other; hotline/service.py starts and ends them."""
