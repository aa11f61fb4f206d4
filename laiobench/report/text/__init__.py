"""Documents as people read them: tables, sentences and charts."""
