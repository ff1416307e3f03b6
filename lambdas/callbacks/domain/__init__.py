"""What a callback task is and what may happen to it, without AWS."""
