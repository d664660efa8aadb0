"""Adapters: the world outside, one module each. They know no rule of ours."""
