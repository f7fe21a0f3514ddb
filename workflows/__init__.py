"""What happens to an order, in what order: durable, deterministic, thin. Knows only `domain` and contracts."""
