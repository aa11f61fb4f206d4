"""The program under faults: fixtures that cause them, and checks that hold after any of them."""
