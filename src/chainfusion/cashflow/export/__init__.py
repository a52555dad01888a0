"""Results as files and pictures.

tables     a run as tables: collections, classes, accounts, fees, tests
files      tables as CSV, XLSX and Parquet
drawing    lines, areas and axes as SVG by classes and attributes
pictures   balances, collections, losses, coverage and cash flow bands, each with its data as a table
"""
