"""What proposes annotations, and the bridge to Label Studio, where people correct them."""
