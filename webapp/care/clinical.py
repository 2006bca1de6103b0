"""Clinical free text: the one list of columns that hold what people said or wrote about treatment (S15).

The embedded database is encrypted as a whole. On PostgreSQL these are to be AES-GCM under table, column and row; events,
logs and notices never hold any of them (P5, S13).
"""

FREE_TEXT = frozenset(
    {
        ("absence_report", "note"),
        ("accommodation", "detail"),
        ("backup_plan", "childcare"),
        ("backup_plan", "device"),
        ("backup_plan", "dial_in"),
        ("backup_plan", "note"),
        ("backup_plan", "place"),
        ("attempt", "note"),
        ("contact", "note"),
        ("draft", "body"),
        ("excusal", "reason"),
        ("follow_up", "note"),
        ("hand_in", "body"),
        ("hand_in", "feedback"),
        ("homework", "body"),
        ("letter", "body"),
        ("message", "body"),
        ("plan", "barrier"),
        ("plan", "note"),
        ("presence", "reason"),
        ("reflection", "body"),
        ("resource", "body"),
        ("summary", "body"),
        ("task", "note"),
    }
)
"""(table, column). A test holds it to the models: every Text column is here, or said there to be none."""
