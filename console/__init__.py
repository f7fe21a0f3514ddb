"""Pages for people, served on the gateway's application."""
