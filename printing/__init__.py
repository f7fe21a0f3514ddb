"""Papers for the warehouse, as PDF and PNG: combined labels. Pure drawing of what it is given."""
