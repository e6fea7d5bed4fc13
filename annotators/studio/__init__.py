"""Label Studio: its configuration, its server, and the way of documents and annotations there and back."""
