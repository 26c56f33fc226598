"""`python -m common_sync` is `common-sync`."""

from common_sync.interface.main import main

main()
