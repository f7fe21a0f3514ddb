"""The side effects a workflow may ask for, one module per concern. Workflows import `activities.contracts` only."""
