"""What runs the fixture programs: comments are read, scenarios are executed, findings are compared."""
