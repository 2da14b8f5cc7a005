"""Files of rows: how they are opened, what is refused in them, and rows that are rated one by one."""
