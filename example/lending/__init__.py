"""A small lending library: members borrow books and are reminded of what is overdue."""
