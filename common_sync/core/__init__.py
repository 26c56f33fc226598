"""The pure core: values in, values out. No file system, no git, no printing, nothing but the standard library."""
