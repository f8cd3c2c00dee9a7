"""What people say of answers: demonstrations and rankings."""
