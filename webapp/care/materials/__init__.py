"""What staff give clients and what comes back: homework, resources, summaries, drafts."""
