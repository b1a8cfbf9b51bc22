"""What kinds of jobs there are, by name: who starts one need not load what does it."""

from typing import Final

EMPTY_SOURCE: Final = "empty_source"
IMPORT_FEED: Final = "import_feed"
CHANGE_PROPERTIES: Final = "change_properties"
