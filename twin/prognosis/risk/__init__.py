"""Risk: chances, numbers and times foretold of patients, judged on patients left out, explained, and kept on disk."""
