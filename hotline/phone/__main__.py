"""`python -m hotline.phone`: one telephone, commanded by JSON lines; see process.py."""

from hotline.phone.process import main

main()
