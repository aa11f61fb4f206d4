"""What is made of a run: its document, its proof, its warnings."""
