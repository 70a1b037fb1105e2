"""What SQLAlchemy and the frameworks around it are, as tables."""
