"""The words of ``config.toml``, one file for each part of the product: their defaults and limits."""
