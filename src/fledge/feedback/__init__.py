"""Records of human feedback: demonstrations and rankings."""
