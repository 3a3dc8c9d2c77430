"""Sampled requests and answers as Parquet files in an object store or a folder."""
