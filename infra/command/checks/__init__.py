"""What a doctor looks at, one small function each: it says how things are, what that means, and how to mend it."""
