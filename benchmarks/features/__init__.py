"""What features cost: beside one scan of the same columns, at several sizes, and beside how others work them out."""
