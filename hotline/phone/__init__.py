"""A real SIP telephone for test calls and tests: it dials, presses keys, speaks tones and measures what it hears."""

from hotline.phone.client import Dtmf, Ended, Heard, Phone, PhoneCall, PhoneError

__all__ = ["Dtmf", "Ended", "Heard", "Phone", "PhoneCall", "PhoneError"]
