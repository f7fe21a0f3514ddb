"""One revision per file, in the order of their numbers. A released revision is never edited: add the next one."""
