"""Write the JSON Schema of the configuration for editors, from the code.

python scripts/write_schema.py
"""

import json
from pathlib import Path

from common_sync.interface.schema import configuration_schema

FILE = Path(__file__).parents[1] / "docs" / "common-sync.schema.json"

if __name__ == "__main__":
    FILE.write_text(json.dumps(configuration_schema(), indent=2) + "\n", encoding="utf-8")
