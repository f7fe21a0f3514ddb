"""HTTP in: partners' pushes, the own-shop API, the staff API, and the codec endpoint of the Temporal UI."""
