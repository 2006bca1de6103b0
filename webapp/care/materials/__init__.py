"""What staff give clients and what clients hand in: homework, resources, summaries, drafts."""
