"""A real SIP telephone for test calls and tests: it dials, presses keys, speaks tones and measures what it hears."""

from hotline.phone.call import Dtmf, Ended, Heard, PhoneCall, PhoneError
from hotline.phone.client import Phone

__all__ = ["Dtmf", "Ended", "Heard", "Phone", "PhoneCall", "PhoneError"]
