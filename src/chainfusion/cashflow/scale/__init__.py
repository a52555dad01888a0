"""Pools and grids that take a while: independent tasks on this machine's cores, or on a Dask cluster by one setting.

tasks     a pool cut into chunks of loans, scenarios into batches
run       `project`: the tasks run, their results added up, progress told, cancelled when asked
workers   where tasks run: threads of this machine, or a Dask cluster
"""
