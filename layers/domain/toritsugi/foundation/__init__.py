"""Foundation: what every room may stand on. It knows no noun, and nothing of the world outside but how to reach it."""
