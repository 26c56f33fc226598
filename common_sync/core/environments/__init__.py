"""Environments of services: what goes into one, how one is named, what is wrong with one."""
