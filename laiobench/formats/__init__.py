"""Results in other forms: one file a format.  Pure: a result goes in, text comes out."""
