"""The program when something goes wrong: fixtures that make it so, and what must hold even then."""
