"""Shell scripts: which programs they run, with which words."""
