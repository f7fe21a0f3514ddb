"""What people see of orders, as plain data: the staff API, the pages and the command line show the same."""
