"""A bisection: which revision made it worse, found by noisy trials."""
