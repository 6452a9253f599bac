"""Holds bills of materials to CycloneDX's own schema: valid_sbom.py FILE ..."""

import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as file:
        wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(file.read())
    if wrong:
        sys.exit(f"{path}: {wrong}")
    print(f"{path} is a CycloneDX 1.6 bill of materials")
if not sys.argv[1:]:
    sys.exit("valid_sbom.py: no file to look at")
