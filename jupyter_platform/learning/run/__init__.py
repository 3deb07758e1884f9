"""One run: what it is asked, where it writes, how it stops and goes on."""
