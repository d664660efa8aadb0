"""The command line `toritsugi`: deploying, numbers, keys, and a doctor."""
