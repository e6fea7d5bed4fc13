"""What an article is: documents and spans, the workspace, text processing, the label scheme and the dataset."""
