"""Laws: what must hold, counted; a package, since its files are called as others are."""
