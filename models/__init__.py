"""What learns from corrected annotations: training, evaluation and the acceptance gate."""
