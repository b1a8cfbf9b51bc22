"""What kinds of jobs there are, by name: who starts one need not load what does it."""

from typing import Final

APPLY_SEGMENT_CHANGE: Final = "apply_segment_change"
DELETE_TAG: Final = "delete_managed_tag"
EMPTY_SOURCE: Final = "empty_source"
EXPORT_ENTRIES: Final = "export_entries"
IMPORT_FEED: Final = "import_feed"
LOOK_AT_FILE: Final = "look_at_file"
CHANGE_PROPERTIES: Final = "change_properties"
BUILD_CARDS: Final = "build_cards"
DROP_COLLECTION: Final = "drop_collection"
MOVE_SEGMENT: Final = "move_segment"
PUBLISH_VERSION: Final = "publish_version"
