"""Jobs are placed, run and watched, and a result is made of it."""
