"""What came of a run: its document, its proof, its warnings."""
